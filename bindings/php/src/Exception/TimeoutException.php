<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** The deadline passed, retries and waits included. */
final class TimeoutException extends CallFailedException
{
}
