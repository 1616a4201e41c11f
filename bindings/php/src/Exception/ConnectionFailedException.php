<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** No connection to the server, or it broke. */
abstract class ConnectionFailedException extends CallFailedException
{
}
