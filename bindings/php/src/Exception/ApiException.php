<?php

declare(strict_types=1);

namespace SgOpenTracking\Exception;

/** The server answered, and the answer is not success. */
abstract class ApiException extends CallFailedException
{
}
