<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** `Client::cancel` was called before. */
final class CancelledException extends CallFailedException
{
}
