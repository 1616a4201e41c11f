<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** The server's answer could not be understood. */
final class ProtocolException extends CallFailedException
{
}
