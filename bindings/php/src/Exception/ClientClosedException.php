<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

use SgOpenTracking\Code;

/** The client was closed before the call. */
final class ClientClosedException extends \LogicException implements OpenTrackingException
{
    /** @internal */
    public function __construct()
    {
        parent::__construct('the client is closed', Code::Argument->value);
    }
}
