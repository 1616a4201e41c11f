using System;

namespace SgOpenTracking
{
    /// <summary>A call that did not do what it was asked to. Its message says what happened and what to do.</summary>
    public class OpenTrackingException : Exception
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

        /// <summary>What the server reported: known for <see cref="NotApplied"/> alone.</summary>
        public bool? Enabled { get; private set; }

        /// <summary>A key, name, region or option that was refused before anything was sent.</summary>
        public class Argument : OpenTrackingException
        {
            internal Argument(string message) : base(Code.Argument, message) { }
        }

        /// <summary>The client was closed before the call.</summary>
        public sealed class Closed : Argument
        {
            internal Closed() : base("the client is closed") { }
        }

        /// <summary><see cref="Client.Cancel"/> or <see cref="Client.Close"/> cut the call off.</summary>
        public sealed class Cancelled : OpenTrackingException
        {
            internal Cancelled(string message) : base(Code.Cancelled, message) { }
        }

        /// <summary>A bug in the library.</summary>
        public sealed class Internal : OpenTrackingException
        {
            internal Internal(string message) : base(Code.Internal, message) { }
        }

        /// <summary>No connection to the server, or it broke.</summary>
        public abstract class ConnectionFailed : OpenTrackingException
        {
            internal ConnectionFailed(Code code, string message) : base(code, message) { }
        }

        /// <summary>The host's name was not resolved.</summary>
        public sealed class DnsFailed : ConnectionFailed
        {
            internal DnsFailed(string message) : base(Code.Dns, message) { }
        }

        /// <summary>The host took no connection.</summary>
        public sealed class ConnectFailed : ConnectionFailed
        {
            internal ConnectFailed(string message) : base(Code.Connect, message) { }
        }

        /// <summary>The proxy did not let the connection through.</summary>
        public sealed class ProxyFailed : ConnectionFailed
        {
            internal ProxyFailed(string message) : base(Code.Proxy, message) { }
        }

        /// <summary>The certificate was not trusted, or the handshake failed.</summary>
        public sealed class TlsFailed : ConnectionFailed
        {
            internal TlsFailed(string message) : base(Code.Tls, message) { }
        }

        /// <summary>The connection broke during the call.</summary>
        public sealed class ConnectionBroken : ConnectionFailed
        {
            internal ConnectionBroken(string message) : base(Code.Io, message) { }
        }

        /// <summary>The deadline passed, retries and waits included.</summary>
        public sealed class Timeout : OpenTrackingException
        {
            internal Timeout(string message) : base(Code.Timeout, message) { }
        }

        /// <summary>The server's answer could not be understood.</summary>
        public sealed class Protocol : OpenTrackingException
        {
            internal Protocol(string message) : base(Code.Protocol, message) { }
        }

        /// <summary>The server answered, and the answer is not success.</summary>
        public abstract class Api : OpenTrackingException
        {
            internal Api(Code code, string message) : base(code, message) { }
        }

        /// <summary>400, or another 4xx that has no class of its own.</summary>
        public sealed class BadRequest : Api
        {
            internal BadRequest(string message) : base(Code.BadRequest, message) { }
        }

        /// <summary>401: a wrong key, or one of another region.</summary>
        public sealed class Unauthorized : Api
        {
            internal Unauthorized(string message) : base(Code.Unauthorized, message) { }
        }

        /// <summary>403: the key lacks a scope.</summary>
        public sealed class Forbidden : Api
        {
            internal Forbidden(string message) : base(Code.Forbidden, message) { }
        }

        /// <summary>404.</summary>
        public sealed class NotFound : Api
        {
            internal NotFound(string message) : base(Code.NotFound, message) { }
        }

        /// <summary>429, after the retries that the deadline allowed; see <see cref="RetryAfter"/>.</summary>
        public sealed class RateLimited : Api
        {
            internal RateLimited(string message) : base(Code.RateLimited, message) { }
        }

        /// <summary>5xx, after the retries that the deadline allowed.</summary>
        public sealed class Server : Api
        {
            internal Server(string message) : base(Code.Server, message) { }
        }

        /// <summary>Any other status, a redirect included: none is followed.</summary>
        public sealed class UnexpectedStatus : Api
        {
            internal UnexpectedStatus(string message) : base(Code.Status, message) { }
        }

        /// <summary>200, but the server reports the other value; see <see cref="Enabled"/>.</summary>
        public sealed class NotApplied : Api
        {
            internal NotApplied(string message) : base(Code.NotApplied, message) { }
        }

        /// <summary>The exception for a code.</summary>
        internal static OpenTrackingException Of(int value, string message)
        {
            switch ((Code)value)
            {
                case Code.Argument: return new Argument(message);
                case Code.Cancelled: return new Cancelled(message);
                case Code.Internal: return new Internal(message);
                case Code.Dns: return new DnsFailed(message);
                case Code.Connect: return new ConnectFailed(message);
                case Code.Proxy: return new ProxyFailed(message);
                case Code.Tls: return new TlsFailed(message);
                case Code.Timeout: return new Timeout(message);
                case Code.Io: return new ConnectionBroken(message);
                case Code.Protocol: return new Protocol(message);
                case Code.BadRequest: return new BadRequest(message);
                case Code.Unauthorized: return new Unauthorized(message);
                case Code.Forbidden: return new Forbidden(message);
                case Code.NotFound: return new NotFound(message);
                case Code.RateLimited: return new RateLimited(message);
                case Code.Server: return new Server(message);
                case Code.Status: return new UnexpectedStatus(message);
                case Code.NotApplied: return new NotApplied(message);
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
            exception.Enabled = exception is NotApplied ? result.Enabled != 0 : (bool?)null;
            return exception;
        }
    }
}
