<?php

/** Finds the package's classes, for those who do without Composer. */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $parts = explode('\\', $class);
    $file = __DIR__ . '/src/' . implode('/', array_slice($parts, 1)) . '.php';
    if ($parts[0] === 'SgOpenTracking' && is_file($file)) {
        require $file;
    }
});
