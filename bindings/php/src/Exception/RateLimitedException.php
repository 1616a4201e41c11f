<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** 429, after the retries that the deadline allowed; see `$retryAfter`. */
final class RateLimitedException extends ApiException
{
}
