<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** The certificate was not trusted, or the handshake failed. */
final class TlsFailedException extends ConnectionFailedException
{
}
