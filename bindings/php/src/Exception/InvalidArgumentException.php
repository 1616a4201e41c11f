<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

use SgOpenTracking\Code;

/** A key, name or option that was refused before anything was sent. */
final class InvalidArgumentException extends \InvalidArgumentException implements OpenTrackingException
{
    /** @internal */
    public function __construct(string $message)
    {
        parent::__construct($message, Code::Argument->value);
    }
}
