<?php

declare(strict_types=1);

namespace SgOpenTracking;

use SgOpenTracking\Exception\OpenTrackingException;

/** What became of one of many accounts: a result or else an error. */
final class Item
{
    /**
     * @internal
     * @param int $index the number of the name among those that were given, from 0
     */
    public function __construct(
        public readonly int $index,
        public readonly string $name,
        public readonly ?Result $result,
        public readonly ?OpenTrackingException $error,
    ) {
    }
}
