<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** 400, or another 4xx that has no class of its own. */
final class BadRequestException extends ApiException
{
}
