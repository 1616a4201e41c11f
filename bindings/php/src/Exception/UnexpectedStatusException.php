<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** Any other status, a redirect included: none is followed. */
final class UnexpectedStatusException extends ApiException
{
}
