<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** The host's name was not resolved. */
final class DnsFailedException extends ConnectionFailedException
{
}
