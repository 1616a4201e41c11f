<?php

declare(strict_types=1);

namespace SgOpenTracking;

use FFI\CData;

/**
 * One key, one region, one pool of connections.
 *
 * Every call ends within the client's timeout. What goes wrong is thrown as an `OpenTrackingError`. A client is freed by
 * `close()`, or when nothing refers to it any more.
 */
final class Client
{
    private readonly CData $pointer;
    private readonly Region $region;
    private bool $closed = false;

    /**
     * @param ?float $timeout seconds, 30 by default: bounds a whole call, retries and waits included
     * @param ?float $connectTimeout seconds, 10 by default: bounds the part of it that connects
     * @param ?int $maxRetries 2 by default; for failures to connect, 429 and 5xx
     * @param ?int $maxConnections 8 by default, 1 to 1024: how many are kept open
     * @param ?int $requestsPerMinute caps the client; 0, the default, leaves the pace to the server
     * @param ?string $baseUrl another place for the service: https, or http on a loopback address
     * @param ?string $proxy its URL; "" is none, and null as the environment says
     * @param ?string $caFile PEM; replaces the system's trust store
     * @param ?string $userAgent appended to the library's own
     */
    public function __construct(
        #[\SensitiveParameter] string $key,
        Region $region = Region::Global,
        ?float $timeout = null,
        ?float $connectTimeout = null,
        ?int $maxRetries = null,
        ?int $maxConnections = null,
        ?int $requestsPerMinute = null,
        ?string $baseUrl = null,
        ?string $proxy = null,
        ?string $caFile = null,
        ?string $userAgent = null,
    ) {
        $library = Native::library();
        $pointer = $library->new('sg_client *');
        $config = $library->sg_config_new();
        try {
            foreach (Arguments::OPTIONS as $name => [$setter, $toC, $allowed]) {
                if ($$name !== null) {
                    Native::check($library->$setter($config, Arguments::$toC($name, $$name)), "$name must be $allowed");
                }
            }
            $key = Arguments::text('key', $key);
            $code = $library->sg_client_new($key, $region->value, $config, \FFI::addr($pointer));
            Native::check($code, 'key must be ' . Arguments::KEY . '; ' . OpenTracking::ENVIRONMENT);
        } finally {
            $library->sg_config_free($config);
        }
        $this->pointer = $pointer;
        $this->region = $region;
    }

    /**
     * Switches open tracking on or off.
     *
     * @param ?string $onBehalfOf a subuser's username, or "account-id ID" for a customer account; null for the account
     *     itself
     */
    public function update(bool $enabled, ?string $onBehalfOf = null): Result
    {
        $name = Arguments::onBehalfOf($onBehalfOf);
        return $this->call(fn (CData $result) => Native::library()->sg_client_update($this->open(), $enabled, $name, $result));
    }

    /** Reads whether open tracking is on; the name as for `update`. */
    public function get(?string $onBehalfOf = null): Result
    {
        $name = Arguments::onBehalfOf($onBehalfOf);
        return $this->call(fn (CData $result) => Native::library()->sg_client_get($this->open(), $name, $result));
    }

    /**
     * A client that shares this one's key and connections but has its own timeout (in seconds; null: the same), its own
     * `cancel` and its own `close`. It is cheap: make one for a single call.
     */
    public function derive(?float $timeout = null): self
    {
        $library = Native::library();
        $pointer = $library->new('sg_client *');
        $milliseconds = $timeout === null ? 0 : Arguments::milliseconds('timeout', $timeout);
        $code = $library->sg_client_derive($this->open(), $milliseconds, \FFI::addr($pointer));
        Native::check($code, 'timeout was refused');
        $derived = (new \ReflectionClass(self::class))->newInstanceWithoutConstructor();
        $derived->pointer = $pointer;
        $derived->region = $this->region;
        return $derived;
    }

    /** Refuses this client's later calls with a `CancelledError`. Derived clients go on. */
    public function cancel(): void
    {
        if (!$this->closed) {
            Native::library()->sg_client_cancel($this->pointer);
        }
    }

    /** Gives the client up. Closing twice does no harm. */
    public function close(): void
    {
        if (!$this->closed) {
            $this->closed = true;
            Native::library()->sg_client_free($this->pointer);
        }
    }

    public function __destruct()
    {
        if (isset($this->pointer)) { // or the constructor threw
            $this->close();
        }
    }

    /** @return array<string, mixed> */
    public function __debugInfo(): array
    {
        return ['region' => $this->region, 'closed' => $this->closed];
    }

    private function __clone()
    {
    }

    private function open(): CData
    {
        return $this->closed ? throw new ClosedError('the client is closed') : $this->pointer;
    }

    /** @param callable(CData): int $call */
    private function call(callable $call): Result
    {
        $result = Native::library()->new('sg_result');
        $code = $call(\FFI::addr($result));
        $retryAfter = $result->retry_after_ms < 0 ? null : $result->retry_after_ms / 1000;
        $known = [$result->http_status, $result->attempts, $retryAfter, $result->elapsed_us / 1_000_000];
        if ($code === Code::Ok->value) {
            return new Result($result->enabled, ...$known);
        }
        $enabled = $code === Code::NotApplied->value ? $result->enabled : null;
        throw OpenTrackingError::of(\FFI::string($result->message), $code, ...[...$known, $enabled]);
    }
}
