<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** The native library was not found, is of another version, or may not be used here. There is no `Code` for it. */
final class LibraryNotLoadedException extends \RuntimeException implements OpenTrackingException
{
    /** @internal */
    public function __construct(string $message)
    {
        parent::__construct($message, -1);
    }
}
