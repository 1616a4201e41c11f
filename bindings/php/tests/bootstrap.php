<?php

/** What the tests need where Composer has not brought it: the package, and Debian's Monolog. */

declare(strict_types=1);

require_once __DIR__ . '/../autoload.php';
class_exists(Monolog\Logger::class) || require_once 'Monolog/autoload.php';
