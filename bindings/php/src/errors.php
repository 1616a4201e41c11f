<?php

/** What a call can end in: an exception class for each code. */

declare(strict_types=1);

namespace SgOpenTracking;

/** A call that did not do what it was asked to. Its message says what happened and what to do; its code is a `Code`, or
 * another number if the library knows one that this package does not. */
class OpenTrackingError extends \RuntimeException
{
    /**
     * @internal
     * @param int $httpStatus of the last response; 0 if none arrived
     * @param int $attempts requests sent, the first included
     * @param ?float $retryAfter seconds that the server asked to wait, if it did
     * @param float $elapsed seconds that the call took, waits included
     * @param ?bool $enabled what the server reported: known for `NotApplied` alone
     */
    public function __construct(
        string $message,
        int $code,
        public readonly int $httpStatus = 0,
        public readonly int $attempts = 0,
        public readonly ?float $retryAfter = null,
        public readonly float $elapsed = 0.0,
        public readonly ?bool $enabled = null,
    ) {
        parent::__construct($message, $code);
    }

    /**
     * The exception for a code, with what else is known of the call.
     *
     * @internal
     */
    final public static function of(string $message, int $code, mixed ...$known): self
    {
        $class = match (Code::tryFrom($code)) {
            Code::Argument => ArgumentError::class,
            Code::Cancelled => CancelledError::class,
            Code::Internal => InternalError::class,
            Code::Dns => DnsFailed::class,
            Code::Connect => ConnectFailed::class,
            Code::Proxy => ProxyFailed::class,
            Code::Tls => TlsFailed::class,
            Code::Timeout => TimeoutError::class,
            Code::Io => ConnectionBroken::class,
            Code::Protocol => ProtocolError::class,
            Code::BadRequest => BadRequest::class,
            Code::Unauthorized => Unauthorized::class,
            Code::Forbidden => Forbidden::class,
            Code::NotFound => NotFound::class,
            Code::RateLimited => RateLimited::class,
            Code::Server => ServerError::class,
            Code::Status => UnexpectedStatus::class,
            Code::NotApplied => NotApplied::class,
            default => self::class,
        };
        return new $class($message, $code, ...$known);
    }
}

/** A key, name or option that was refused before anything was sent. */
class ArgumentError extends OpenTrackingError
{
    /** @internal */
    public function __construct(string $message, int $code = Code::Argument->value, mixed ...$known)
    {
        parent::__construct($message, $code, ...$known);
    }
}

/** The client was closed before the call. */
final class ClosedError extends ArgumentError
{
}

/** `Client::cancel` or `Client::close` cut the call off. */
final class CancelledError extends OpenTrackingError
{
}

/** A bug in the library. */
final class InternalError extends OpenTrackingError
{
}

/** No connection to the server, or it broke. */
abstract class ConnectionFailed extends OpenTrackingError
{
}

/** The host's name was not resolved. */
final class DnsFailed extends ConnectionFailed
{
}

/** The host took no connection. */
final class ConnectFailed extends ConnectionFailed
{
}

/** The proxy did not let the connection through. */
final class ProxyFailed extends ConnectionFailed
{
}

/** The certificate was not trusted, or the handshake failed. */
final class TlsFailed extends ConnectionFailed
{
}

/** The connection broke during the call. */
final class ConnectionBroken extends ConnectionFailed
{
}

/** The deadline passed, retries and waits included. */
final class TimeoutError extends OpenTrackingError
{
}

/** The server's answer could not be understood. */
final class ProtocolError extends OpenTrackingError
{
}

/** The server answered, and the answer is not success. */
abstract class ApiError extends OpenTrackingError
{
}

/** 400, or another 4xx that has no class of its own. */
final class BadRequest extends ApiError
{
}

/** 401: a wrong key, or one of another region. */
final class Unauthorized extends ApiError
{
}

/** 403: the key lacks a scope. */
final class Forbidden extends ApiError
{
}

/** 404. */
final class NotFound extends ApiError
{
}

/** 429, after the retries that the deadline allowed; see `$retryAfter`. */
final class RateLimited extends ApiError
{
}

/** 5xx, after the retries that the deadline allowed. */
final class ServerError extends ApiError
{
}

/** Any other status, a redirect included: none is followed. */
final class UnexpectedStatus extends ApiError
{
}

/** 200, but the server reports the other value; see `$enabled`. */
final class NotApplied extends ApiError
{
}
