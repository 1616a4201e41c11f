<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** The proxy did not let the connection through. */
final class ProxyFailedException extends ConnectionFailedException
{
}
