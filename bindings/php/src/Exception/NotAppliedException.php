<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** 200, but the server reports the other value; see `$enabled`. */
final class NotAppliedException extends ApiException
{
}
