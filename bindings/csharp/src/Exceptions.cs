using System;

namespace SgOpenTracking
{
    /// <summary>What every exception of this package has.</summary>
    public interface IOpenTrackingError
    {
        /// <summary>Why. A number without a name if the library knows one that this package does not.</summary>
        Code Code { get; }

        /// <summary>What happened and what to do.</summary>
        string Message { get; }
    }

    /// <summary>A key, name, region or option was refused before anything was sent. No
    /// <see cref="OpenTrackingException"/>: the program is to be mended.</summary>
    public sealed class OpenTrackingArgumentException : ArgumentException, IOpenTrackingError
    {
        internal OpenTrackingArgumentException(string message) : base(message) { }

        /// <summary><see cref="Code.Argument"/>.</summary>
        public Code Code => Code.Argument;
    }

    /// <summary>The client was closed before the call. No <see cref="OpenTrackingException"/>: the program is to be
    /// mended.</summary>
    public sealed class ClientClosedException : ObjectDisposedException, IOpenTrackingError
    {
        internal ClientClosedException() : base(nameof(Client), "the client is closed") { }

        /// <summary><see cref="Code.Argument"/>.</summary>
        public Code Code => Code.Argument;
    }

    /// <summary>A call that did not do what it was asked to. Its message says what happened and what to do.</summary>
    public class OpenTrackingException : Exception, IOpenTrackingError
    {
        internal OpenTrackingException(Code code, string message) : base(message)
        {
            Code = code;
        }

        /// <summary>Why. A number without a name if the library knows one that this package does not.</summary>
        public Code Code { get; }

        /// <summary>Of the last response; 0 if none arrived.</summary>
        public int HttpStatus { get; private set; }

        /// <summary>Requests sent, the first included.</summary>
        public int Attempts { get; private set; }

        /// <summary>The wait that the server asked for, if it did.</summary>
        public TimeSpan? RetryAfter { get; private set; }

        /// <summary>What the call took, waits included.</summary>
        public TimeSpan Elapsed { get; private set; }

        /// <summary>What the server reported: known for <see cref="NotAppliedException"/> alone.</summary>
        public bool? Enabled { get; private set; }

        /// <summary>The exception for a code.</summary>
        internal static OpenTrackingException Of(int value, string message)
        {
            switch ((Code)value)
            {
                case Code.Cancelled: return new CallCancelledException(message);
                case Code.Internal: return new InternalErrorException(message);
                case Code.Dns: return new DnsFailedException(message);
                case Code.Connect: return new ConnectFailedException(message);
                case Code.Proxy: return new ProxyFailedException(message);
                case Code.Tls: return new TlsFailedException(message);
                case Code.Timeout: return new CallTimeoutException(message);
                case Code.Io: return new ConnectionBrokenException(message);
                case Code.Protocol: return new ProtocolException(message);
                case Code.BadRequest: return new BadRequestException(message);
                case Code.Unauthorized: return new UnauthorizedException(message);
                case Code.Forbidden: return new ForbiddenException(message);
                case Code.NotFound: return new NotFoundException(message);
                case Code.RateLimited: return new RateLimitedException(message);
                case Code.Server: return new ServerErrorException(message);
                case Code.Status: return new UnexpectedStatusException(message);
                case Code.NotApplied: return new NotAppliedException(message);
                default: return new OpenTrackingException((Code)value, message);
            }
        }

        /// <summary>The exception for a call that failed, with all that is known of it.</summary>
        internal static OpenTrackingException Of(Native.SgResult result)
        {
            var exception = Of(result.Code, result.Text);
            exception.HttpStatus = result.HttpStatus;
            exception.Attempts = (int)result.Attempts;
            exception.RetryAfter = result.RetryAfter;
            exception.Elapsed = result.Elapsed;
            exception.Enabled = exception is NotAppliedException ? result.Enabled != 0 : (bool?)null;
            return exception;
        }
    }

    /// <summary><see cref="Client.Cancel"/> or <see cref="Client.Close"/> cut the call off.</summary>
    public sealed class CallCancelledException : OpenTrackingException
    {
        internal CallCancelledException(string message) : base(Code.Cancelled, message) { }
    }

    /// <summary>A bug in the library.</summary>
    public sealed class InternalErrorException : OpenTrackingException
    {
        internal InternalErrorException(string message) : base(Code.Internal, message) { }
    }

    /// <summary>No connection to the server, or it broke.</summary>
    public abstract class ConnectionFailedException : OpenTrackingException
    {
        internal ConnectionFailedException(Code code, string message) : base(code, message) { }
    }

    /// <summary>The host's name was not resolved.</summary>
    public sealed class DnsFailedException : ConnectionFailedException
    {
        internal DnsFailedException(string message) : base(Code.Dns, message) { }
    }

    /// <summary>The host took no connection.</summary>
    public sealed class ConnectFailedException : ConnectionFailedException
    {
        internal ConnectFailedException(string message) : base(Code.Connect, message) { }
    }

    /// <summary>The proxy did not let the connection through.</summary>
    public sealed class ProxyFailedException : ConnectionFailedException
    {
        internal ProxyFailedException(string message) : base(Code.Proxy, message) { }
    }

    /// <summary>The certificate was not trusted, or the handshake failed.</summary>
    public sealed class TlsFailedException : ConnectionFailedException
    {
        internal TlsFailedException(string message) : base(Code.Tls, message) { }
    }

    /// <summary>The connection broke during the call.</summary>
    public sealed class ConnectionBrokenException : ConnectionFailedException
    {
        internal ConnectionBrokenException(string message) : base(Code.Io, message) { }
    }

    /// <summary>The deadline passed, retries and waits included.</summary>
    public sealed class CallTimeoutException : OpenTrackingException
    {
        internal CallTimeoutException(string message) : base(Code.Timeout, message) { }
    }

    /// <summary>The server's answer could not be understood.</summary>
    public sealed class ProtocolException : OpenTrackingException
    {
        internal ProtocolException(string message) : base(Code.Protocol, message) { }
    }

    /// <summary>The server answered, and the answer is not success.</summary>
    public abstract class ApiException : OpenTrackingException
    {
        internal ApiException(Code code, string message) : base(code, message) { }
    }

    /// <summary>400, or another 4xx that has no class of its own.</summary>
    public sealed class BadRequestException : ApiException
    {
        internal BadRequestException(string message) : base(Code.BadRequest, message) { }
    }

    /// <summary>401: a wrong key, or one of another region.</summary>
    public sealed class UnauthorizedException : ApiException
    {
        internal UnauthorizedException(string message) : base(Code.Unauthorized, message) { }
    }

    /// <summary>403: the key lacks a scope.</summary>
    public sealed class ForbiddenException : ApiException
    {
        internal ForbiddenException(string message) : base(Code.Forbidden, message) { }
    }

    /// <summary>404.</summary>
    public sealed class NotFoundException : ApiException
    {
        internal NotFoundException(string message) : base(Code.NotFound, message) { }
    }

    /// <summary>429, after the retries that the deadline allowed; see <see cref="OpenTrackingException.RetryAfter"/>.</summary>
    public sealed class RateLimitedException : ApiException
    {
        internal RateLimitedException(string message) : base(Code.RateLimited, message) { }
    }

    /// <summary>5xx, after the retries that the deadline allowed.</summary>
    public sealed class ServerErrorException : ApiException
    {
        internal ServerErrorException(string message) : base(Code.Server, message) { }
    }

    /// <summary>Any other status, a redirect included: none is followed.</summary>
    public sealed class UnexpectedStatusException : ApiException
    {
        internal UnexpectedStatusException(string message) : base(Code.Status, message) { }
    }

    /// <summary>200, but the server reports the other value; see <see cref="OpenTrackingException.Enabled"/>.</summary>
    public sealed class NotAppliedException : ApiException
    {
        internal NotAppliedException(string message) : base(Code.NotApplied, message) { }
    }
}
