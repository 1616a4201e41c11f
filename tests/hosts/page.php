<?php

/** The web application of PHP's hosts: a call for the account `name`, made in the way that `call` says. */

declare(strict_types=1);

use SgOpenTracking\{Client, OpenTracking};
use SgOpenTracking\Exception\OpenTrackingException;

require_once __DIR__ . '/package/autoload.php';

$key = getenv('SENDGRID_API_KEY');
$logger = new class {
    public int $lines = 0;

    public function log(string $level, string $line): void
    {
        $this->lines++;
    }
};
['call' => $call, 'name' => $name] = $_GET;
try {
    $enabled = match ($call) {
        'client' => (new Client($key))->get($name)->enabled,
        'shared' => OpenTracking::get($key, onBehalfOf: $name),
        'brief' => OpenTracking::get($key, onBehalfOf: $name, timeout: 0.3, maxRetries: 0),
        'many' => array_reduce(
            iterator_to_array((new Client($key))->getMany([$name, $name])),
            fn (bool $enabled, $item) => $enabled && $item->result->enabled,
            true,
        ),
        'logged' => (new Client($key, logger: $logger))->get($name)->enabled && $logger->lines > 2,
        'variable' => getenv($name) !== false,
        'limited' => set_time_limit(1) && (new Client($key))->get($name)->enabled,
    };
    echo $enabled ? 'on' : 'off';
} catch (OpenTrackingException $exception) {
    http_response_code(502);
    echo $exception::class, ': ', $exception->getMessage();
}
