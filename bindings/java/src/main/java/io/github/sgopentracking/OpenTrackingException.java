package io.github.sgopentracking;

import java.time.Duration;
import java.util.Optional;

/** A call that did not do what it was asked to. Its message says what happened and what to do. */
public class OpenTrackingException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Code code;
    private int httpStatus;
    private int attempts;
    private Duration retryAfter;
    private Duration elapsed = Duration.ZERO;
    private Boolean enabled;

    OpenTrackingException(Code code, String message) {
        super(message);
        this.code = code;
    }

    /** {@link Code#UNKNOWN} if the library knows one that this package does not. */
    public Code code() {
        return code;
    }

    /** Of the last response; 0 if none arrived. */
    public int httpStatus() {
        return httpStatus;
    }

    /** Requests sent, the first included. */
    public int attempts() {
        return attempts;
    }

    /** The wait that the server asked for, if it did. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** What the call took, waits included. */
    public Duration elapsed() {
        return elapsed;
    }

    /** What the server reported: known for {@link NotApplied} alone. */
    public Optional<Boolean> enabled() {
        return Optional.ofNullable(enabled);
    }

    /** A key, name, region or option that was refused before anything was sent. */
    public static class Argument extends OpenTrackingException {
        private static final long serialVersionUID = 1;

        Argument(String message) {
            super(Code.ARGUMENT, message);
        }
    }

    /** The client was closed before the call. */
    public static final class Closed extends Argument {
        private static final long serialVersionUID = 1;

        Closed() {
            super("the client is closed");
        }
    }

    /**
     * {@link Client#cancel}, {@link Client#close} or {@link Thread#interrupt} cut the call off; after the last, the
     * thread's status still says interrupted.
     */
    public static final class Cancelled extends OpenTrackingException {
        private static final long serialVersionUID = 1;

        Cancelled(String message) {
            super(Code.CANCELLED, message);
        }
    }

    /** A bug in the library. */
    public static final class Internal extends OpenTrackingException {
        private static final long serialVersionUID = 1;

        Internal(String message) {
            super(Code.INTERNAL, message);
        }
    }

    /** No connection to the server, or it broke. */
    public abstract static class ConnectionFailed extends OpenTrackingException {
        private static final long serialVersionUID = 1;

        ConnectionFailed(Code code, String message) {
            super(code, message);
        }
    }

    /** The host's name was not resolved. */
    public static final class DnsFailed extends ConnectionFailed {
        private static final long serialVersionUID = 1;

        DnsFailed(String message) {
            super(Code.DNS, message);
        }
    }

    /** The host took no connection. */
    public static final class ConnectFailed extends ConnectionFailed {
        private static final long serialVersionUID = 1;

        ConnectFailed(String message) {
            super(Code.CONNECT, message);
        }
    }

    /** The proxy did not let the connection through. */
    public static final class ProxyFailed extends ConnectionFailed {
        private static final long serialVersionUID = 1;

        ProxyFailed(String message) {
            super(Code.PROXY, message);
        }
    }

    /** The certificate was not trusted, or the handshake failed. */
    public static final class TlsFailed extends ConnectionFailed {
        private static final long serialVersionUID = 1;

        TlsFailed(String message) {
            super(Code.TLS, message);
        }
    }

    /** The connection broke during the call. */
    public static final class ConnectionBroken extends ConnectionFailed {
        private static final long serialVersionUID = 1;

        ConnectionBroken(String message) {
            super(Code.IO, message);
        }
    }

    /** The deadline passed, retries and waits included. */
    public static final class Timeout extends OpenTrackingException {
        private static final long serialVersionUID = 1;

        Timeout(String message) {
            super(Code.TIMEOUT, message);
        }
    }

    /** The server's answer could not be understood. */
    public static final class Protocol extends OpenTrackingException {
        private static final long serialVersionUID = 1;

        Protocol(String message) {
            super(Code.PROTOCOL, message);
        }
    }

    /** The server answered, and the answer is not success. */
    public abstract static class Api extends OpenTrackingException {
        private static final long serialVersionUID = 1;

        Api(Code code, String message) {
            super(code, message);
        }
    }

    /** 400, or another 4xx that has no class of its own. */
    public static final class BadRequest extends Api {
        private static final long serialVersionUID = 1;

        BadRequest(String message) {
            super(Code.BAD_REQUEST, message);
        }
    }

    /** 401: a wrong key, or one of another region. */
    public static final class Unauthorized extends Api {
        private static final long serialVersionUID = 1;

        Unauthorized(String message) {
            super(Code.UNAUTHORIZED, message);
        }
    }

    /** 403: the key lacks a scope. */
    public static final class Forbidden extends Api {
        private static final long serialVersionUID = 1;

        Forbidden(String message) {
            super(Code.FORBIDDEN, message);
        }
    }

    /** 404. */
    public static final class NotFound extends Api {
        private static final long serialVersionUID = 1;

        NotFound(String message) {
            super(Code.NOT_FOUND, message);
        }
    }

    /** 429, after the retries that the deadline allowed; see {@link #retryAfter}. */
    public static final class RateLimited extends Api {
        private static final long serialVersionUID = 1;

        RateLimited(String message) {
            super(Code.RATE_LIMITED, message);
        }
    }

    /** 5xx, after the retries that the deadline allowed. */
    public static final class Server extends Api {
        private static final long serialVersionUID = 1;

        Server(String message) {
            super(Code.SERVER, message);
        }
    }

    /** Any other status, a redirect included: none is followed. */
    public static final class UnexpectedStatus extends Api {
        private static final long serialVersionUID = 1;

        UnexpectedStatus(String message) {
            super(Code.STATUS, message);
        }
    }

    /** 200, but the server reports the other value; see {@link #enabled}. */
    public static final class NotApplied extends Api {
        private static final long serialVersionUID = 1;

        NotApplied(String message) {
            super(Code.NOT_APPLIED, message);
        }
    }

    /** The exception for a code. */
    static OpenTrackingException of(int value, String message) {
        Code code = Code.of(value);
        switch (code) {
            case ARGUMENT: return new Argument(message);
            case CANCELLED: return new Cancelled(message);
            case INTERNAL: return new Internal(message);
            case DNS: return new DnsFailed(message);
            case CONNECT: return new ConnectFailed(message);
            case PROXY: return new ProxyFailed(message);
            case TLS: return new TlsFailed(message);
            case TIMEOUT: return new Timeout(message);
            case IO: return new ConnectionBroken(message);
            case PROTOCOL: return new Protocol(message);
            case BAD_REQUEST: return new BadRequest(message);
            case UNAUTHORIZED: return new Unauthorized(message);
            case FORBIDDEN: return new Forbidden(message);
            case NOT_FOUND: return new NotFound(message);
            case RATE_LIMITED: return new RateLimited(message);
            case SERVER: return new Server(message);
            case STATUS: return new UnexpectedStatus(message);
            case NOT_APPLIED: return new NotApplied(message);
            default: return new OpenTrackingException(code, message + " (code " + value + ")");
        }
    }

    /** The exception for a call that failed, with all that is known of it. */
    static OpenTrackingException of(NativeFunctions.SgResult result) {
        OpenTrackingException exception = of(result.code(), result.message());
        exception.httpStatus = result.httpStatus();
        exception.attempts = result.attempts();
        exception.retryAfter = result.retryAfter();
        exception.elapsed = result.elapsed();
        exception.enabled = result.code() == Code.NOT_APPLIED.value() ? result.enabled() : null;
        return exception;
    }
}
