<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** 403: the key lacks a scope. */
final class ForbiddenException extends ApiException
{
}
