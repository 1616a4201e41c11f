<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** The host took no connection. */
final class ConnectFailedException extends ConnectionFailedException
{
}
