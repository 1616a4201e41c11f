<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** 5xx, after the retries that the deadline allowed. */
final class ServerErrorException extends ApiException
{
}
