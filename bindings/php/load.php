<?php

/**
 * Loads the package without Composer; and, named by opcache.preload, for a PHP whose ffi.enable is "preload".
 */

declare(strict_types=1);

foreach (['Code', 'Region', 'Result', 'errors', 'Item', 'Arguments', 'Native', 'Client', 'OpenTracking'] as $name) {
    require_once __DIR__ . "/src/$name.php";
}
