<?php

/** For opcache.preload: lets the package use FFI where ffi.enable is "preload", as it is in web servers. */

declare(strict_types=1);

require_once __DIR__ . '/autoload.php';
foreach ([...glob(__DIR__ . '/src/*.php'), ...glob(__DIR__ . '/src/Exception/*.php')] as $file) {
    require_once $file;
}
