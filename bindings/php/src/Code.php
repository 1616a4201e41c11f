<?php

declare(strict_types=1);

namespace SgOpenTracking;

/** What a call ended with: `sg_code`, value for value. Of an exception: `Code::tryFrom($exception->getCode())`. */
enum Code: int
{
    case Ok = 0;
    case Argument = 1;
    case Cancelled = 2;
    case Internal = 3;
    case Partial = 4;
    case Dns = 10;
    case Connect = 11;
    case Proxy = 12;
    case Tls = 13;
    case Timeout = 14;
    case Io = 15;
    case Protocol = 16;
    case BadRequest = 20;
    case Unauthorized = 21;
    case Forbidden = 22;
    case NotFound = 23;
    case RateLimited = 24;
    case Server = 25;
    case Status = 26;
    case NotApplied = 27;
}
