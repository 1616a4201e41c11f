<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** A bug in the library. */
final class InternalErrorException extends CallFailedException
{
}
