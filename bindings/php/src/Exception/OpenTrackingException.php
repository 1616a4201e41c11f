<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/**
 * What all exceptions of this package are. Their messages say what happened and what to do; `getCode()` is the number of a
 * `Code`, or another one if the library knows one that this package does not.
 */
interface OpenTrackingException extends \Throwable
{
}
