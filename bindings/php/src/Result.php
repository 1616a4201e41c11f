<?php

declare(strict_types=1);

namespace SgOpenTracking;

/** A call that succeeded. */
final class Result
{
    /**
     * @internal
     * @param bool $enabled what the server reported: is open tracking on?
     * @param int $attempts requests sent, the first included
     * @param ?float $retryAfter seconds that the server asked to wait, if it did
     * @param float $elapsed seconds that the call took, waits included
     */
    public function __construct(
        public readonly bool $enabled,
        public readonly int $httpStatus,
        public readonly int $attempts,
        public readonly ?float $retryAfter,
        public readonly float $elapsed,
    ) {
    }
}
