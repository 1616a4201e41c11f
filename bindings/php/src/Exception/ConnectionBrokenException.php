<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** The connection broke during the call. */
final class ConnectionBrokenException extends ConnectionFailedException
{
}
