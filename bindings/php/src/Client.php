<?php

declare(strict_types=1);

namespace SgOpenTracking;

use FFI\CData;
use SgOpenTracking\Exception\{CallFailedException, ClientClosedException, OpenTrackingException};

/**
 * One key, one region, one pool of connections.
 *
 * Every call ends within the client's timeout. What goes wrong is thrown as an `OpenTrackingException`. A client is freed by
 * `close()`, or when nothing refers to it any more.
 */
final class Client
{
    private const FIRST_BATCH = 8;
    private const LARGEST_BATCH = 256;

    /** @var list<string> what the list under way has held so far */
    private static array $listed = [];

    private readonly CData $pointer;
    private readonly Region $region;
    private readonly ?Log $log;
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
     * @param ?\Psr\Log\LoggerInterface $logger or any object with its `log()`: is told what calls do, when they are over
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
        #[\SensitiveParameter] ?string $proxy = null,
        ?string $caFile = null,
        ?string $userAgent = null,
        ?object $logger = null,
    ) {
        $this->log = $logger === null ? null : Log::to($logger);
        $library = Native::library();
        $pointer = $library->new('sg_client *');
        $config = $library->sg_config_new();
        try {
            foreach (Arguments::OPTIONS as $name => [$setter, $toC, $allowed]) {
                if ($$name !== null) {
                    Native::check($library->$setter($config, Arguments::$toC($name, $$name)), "$name must be $allowed");
                }
            }
            $this->log?->attach($config);
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
     * Switches open tracking on or off for many accounts, up to `maxConnections` at once and as fast as the account's rate
     * limit allows. Yields an `Item` for each, in their order; one's failure stops no other. Leaving the loop leaves out
     * the rest.
     *
     * The names are taken as they are needed, in batches of 8 at first and of 256 in the end: a batch is over before its
     * first item is yielded. What ends a batch early is thrown: `UnauthorizedException` if three replies in a row were 401
     * before any went well; the rest is not sent then. The timeout is each item's own.
     *
     * @param iterable<string> $names
     * @return \Generator<int, Item>
     */
    public function updateMany(bool $enabled, iterable $names): \Generator
    {
        return $this->many($names, fn (CData $texts, int $count, CData $results) =>
            Native::library()->sg_client_update_many($this->open(), $enabled, $texts, $count, null, null, $results));
    }

    /**
     * Reads whether open tracking is on for many accounts, as `updateMany`.
     *
     * @param iterable<string> $names
     * @return \Generator<int, Item>
     */
    public function getMany(iterable $names): \Generator
    {
        return $this->many($names, fn (CData $texts, int $count, CData $results) =>
            Native::library()->sg_client_get_many($this->open(), $texts, $count, null, null, $results));
    }

    /**
     * The usernames of the account's subusers. The key needs the scope `subusers.read`.
     *
     * @return list<string>
     */
    public function listSubusers(): array
    {
        $onSubuser = Native::callback('sg_on_subuser', static function (?CData $context, string $name): bool {
            self::$listed[] = $name;
            return true;
        });
        self::$listed = []; // of a list that the script's end broke off, which runs no finally
        try {
            $this->call(fn (CData $result) => Native::uninterrupted(fn () =>
                Native::library()->sg_client_list_subusers($this->open(), $onSubuser, null, $result)));
            return self::$listed;
        } finally {
            self::$listed = [];
        }
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
        $derived->log = $this->log;
        return $derived;
    }

    /** Refuses this client's later calls with a `CancelledException`. Derived clients go on. */
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

    /** There is one owner of what the library holds. */
    public function __clone(): never
    {
        $this->closed = true; // lest the copy, which goes away now, frees it
        throw new \BadMethodCallException('a client can\'t be cloned: derive() another from it');
    }

    public function __serialize(): never
    {
        throw new \BadMethodCallException('a client can\'t be serialized: make one where it is needed');
    }

    public function __unserialize(array $data): never
    {
        $this->__serialize();
    }

    public static function __set_state(array $properties): never
    {
        throw new \BadMethodCallException('a client can\'t be made of what var_export shows: make a new one');
    }

    private function open(): CData
    {
        return $this->closed ? throw new ClientClosedException() : $this->pointer;
    }

    /**
     * In batches, and not by the callback, in which a script may die (by its time or memory limit) and leave the library's
     * threads behind. Names are taken as they are needed, whatever their keys. When taking one throws, those before it are
     * done first.
     *
     * @param iterable<string> $names
     * @param callable(CData, int, CData): int $call
     * @return \Generator<int, Item>
     */
    private function many(iterable $names, callable $call): \Generator
    {
        $this->open();
        if (is_array($names)) {
            array_walk($names, fn (mixed $name) => Arguments::text('name', $name));
        }
        return (function () use ($names, $call) {
            $begun = 0;
            foreach (self::batches($names) as $batch) {
                $results = Native::library()->new('sg_result[' . count($batch) . ']');
                [$pointers, $memory] = Native::texts($batch);
                $code = $this->logged(fn () => $call($pointers, count($batch), $results));
                unset($memory); // until here it is needed
                if ($code !== Code::Partial->value) { // which the items tell
                    Native::check($code, 'names was refused');
                }
                foreach ($batch as $index => $name) {
                    try {
                        $item = new Item($begun + $index, $name, $this->outcome($results[$index]), null);
                    } catch (OpenTrackingException $error) {
                        $item = new Item($begun + $index, $name, null, $error);
                    }
                    yield $begun + $index => $item;
                }
                $begun += count($batch);
            }
        })();
    }

    /**
     * @param iterable<string> $names
     * @return \Generator<list<string>>
     */
    private static function batches(iterable $names): \Generator
    {
        $batch = [];
        $size = self::FIRST_BATCH;
        $thrown = null;
        try {
            foreach ($names as $name) {
                Arguments::text('name', $name);
                $batch[] = $name;
                if (count($batch) === $size) {
                    yield $batch;
                    $batch = [];
                    $size = min(2 * $size, self::LARGEST_BATCH);
                }
            }
        } catch (\Throwable $thrown) {
        }
        if ($batch) {
            yield $batch;
        }
        if ($thrown) {
            throw $thrown;
        }
    }

    /** @param callable(CData): int $call */
    private function call(callable $call): Result
    {
        $result = Native::library()->new('sg_result');
        $this->logged(fn () => $call(\FFI::addr($result)));
        return $this->outcome($result);
    }

    private function logged(callable $call): mixed
    {
        return $this->log === null ? $call() : $this->log->of($call);
    }

    private function outcome(CData $result): Result
    {
        $retryAfter = $result->retry_after_ms < 0 ? null : $result->retry_after_ms / 1000;
        $known = [$result->http_status, $result->attempts, $retryAfter, $result->elapsed_us / 1_000_000];
        if ($result->code === Code::Ok->value) {
            return new Result($result->enabled, ...$known);
        }
        $enabled = $result->code === Code::NotApplied->value ? $result->enabled : null;
        throw CallFailedException::of(\FFI::string($result->message), $result->code, ...[...$known, $enabled]);
    }
}
