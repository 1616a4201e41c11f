<?php

declare(strict_types=1);

namespace SgOpenTracking;

/** Where the account lives. A key of one region does not work in the other. */
enum Region: int
{
    case Global = 0;
    case Eu = 1;
}
