<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

use SgOpenTracking\Code;

/** A call that did not do what it was asked to, and all that is known of it. */
class CallFailedException extends \RuntimeException implements OpenTrackingException
{
    /**
     * @internal
     * @param int $httpStatus of the last response; 0 if none arrived
     * @param int $attempts requests sent, the first included
     * @param ?float $retryAfter seconds that the server asked to wait, if it did
     * @param float $elapsed seconds that the call took, waits included
     * @param ?bool $enabled what the server reported: known for `NotAppliedException` alone
     */
    final public function __construct(
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
    final public static function of(string $message, int $code, mixed ...$known): OpenTrackingException
    {
        if ($code === Code::Argument->value) {
            return new InvalidArgumentException($message);
        }
        $class = match (Code::tryFrom($code)) {
            Code::Cancelled => CancelledException::class,
            Code::Internal => InternalErrorException::class,
            Code::Dns => DnsFailedException::class,
            Code::Connect => ConnectFailedException::class,
            Code::Proxy => ProxyFailedException::class,
            Code::Tls => TlsFailedException::class,
            Code::Timeout => TimeoutException::class,
            Code::Io => ConnectionBrokenException::class,
            Code::Protocol => ProtocolException::class,
            Code::BadRequest => BadRequestException::class,
            Code::Unauthorized => UnauthorizedException::class,
            Code::Forbidden => ForbiddenException::class,
            Code::NotFound => NotFoundException::class,
            Code::RateLimited => RateLimitedException::class,
            Code::Server => ServerErrorException::class,
            Code::Status => UnexpectedStatusException::class,
            Code::NotApplied => NotAppliedException::class,
            default => self::class,
        };
        return new $class($message, $code, ...$known);
    }
}
