<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** 401: a wrong key, or one of another region. */
final class UnauthorizedException extends ApiException
{
}
