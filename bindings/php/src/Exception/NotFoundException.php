<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** 404. */
final class NotFoundException extends ApiException
{
}
