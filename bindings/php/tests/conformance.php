<?php

/** Runs tests/conformance/cases.json, and those of the scenarios that its README names which PHP, with its one thread, can. */

declare(strict_types=1);

namespace SgOpenTracking\Tests;

use SgOpenTracking\{Client, Code, OpenTracking, Region};
use SgOpenTracking\Exception\OpenTrackingException;

require __DIR__ . '/../autoload.php';

/** Seconds that a call may take whose own deadline is 150 ms. */
const BOUNDED = 5.0;

function resolved(string $value): string
{
    return str_starts_with($value, '$') ? getenv(substr($value, 1)) : $value;
}

function normal(string $text): string
{
    return strtolower(str_replace('_', '', $text));
}

/** @param array<string, mixed> $options */
function client(Region $region = Region::Global, ?string $key = null, array $options = []): Client
{
    $side = $region === Region::Eu ? 'SANDBOX_EU' : 'SANDBOX';
    $given = $options + [
        'base_url' => "\${$side}_URL",
        'ca_file' => '$SANDBOX_CA_FILE',
        'proxy' => '',
        'timeout_ms' => 10_000,
        'max_retries' => 0,
    ];
    $arguments = [];
    foreach ($given as $name => $value) {
        $value = match (true) {
            str_ends_with($name, '_ms') => $value / 1000,
            is_string($value) => resolved($value),
            default => $value,
        };
        $arguments[lcfirst(str_replace('_', '', ucwords(preg_replace('/_ms$/', '', $name), '_')))] = $value;
    }
    return new Client($key ?? getenv("{$side}_KEY"), $region, ...$arguments);
}

/**
 * Null, or what was not as expected.
 *
 * @param array<string, mixed> $case
 */
function runCase(array $case): ?string
{
    $region = ($case['region'] ?? 'global') === 'eu' ? Region::Eu : Region::Global;
    $key = resolved($case['key'] ?? ($region === Region::Eu ? '$SANDBOX_EU_KEY' : '$SANDBOX_KEY'));
    $name = $case['on_behalf_of'] ?? null;
    $message = '';
    $seen = ['code' => 'Ok'];
    try {
        if ($case['call'] === 'one_shot_update') {
            $seen['enabled'] = OpenTracking::update($key, $case['enabled'], $region, $name);
        } elseif ($case['call'] === 'one_shot_get') {
            $seen['enabled'] = OpenTracking::get($key, $region, $name);
        } else {
            $client = client($region, $key, $case['options'] ?? []);
            if ($case['call'] === 'client_new') {
                return 'a client was made';
            }
            $result = $case['call'] === 'update' ? $client->update($case['enabled'], $name) : $client->get($name);
            $seen += ['enabled' => $result->enabled, 'http_status' => $result->httpStatus, 'attempts' => $result->attempts];
        }
    } catch (OpenTrackingException $error) {
        $message = $error->getMessage();
        $seen = [
            'code' => Code::from($error->getCode())->name,
            'http_status' => $error->httpStatus ?? 0, // of a refusal there is no more to tell
            'attempts' => $error->attempts ?? 0,
            'enabled' => $error->enabled ?? null,
            'retry_after_ms' => isset($error->retryAfter) ? (int) round($error->retryAfter * 1000) : -1,
        ];
    }
    if (strlen($key) > 1 && str_contains($message, $key)) {
        return 'the message holds the key';
    }
    $wrong = [];
    $seen['code'] = normal($seen['code']);
    $expect = ['code' => normal($case['expect']['code'])] + $case['expect'];
    $part = $expect['message_part'] ?? '';
    unset($expect['message_part']);
    foreach ($expect as $member => $wanted) {
        if (($seen[$member] ?? null) !== $wanted) {
            $wrong[] = "$member: " . json_encode($seen[$member] ?? null) . ', not ' . json_encode($wanted);
        }
    }
    if (!str_contains(normal($message), normal($part))) {
        $wrong[] = "message: '$message' without '$part'";
    }
    if ($seen['code'] !== 'ok' && $message === '') {
        $wrong[] = 'no message';
    }
    return $wrong === [] ? null : implode('; ', $wrong);
}

function check(bool $holds, string $otherwise): void
{
    $holds ?: throw new \LogicException($otherwise);
}

/** Checks how a call ends; returns how long it took, in seconds. */
function endsIn(Code $code, callable $call): float
{
    $started = microtime(true);
    try {
        $call();
        $seen = Code::Ok;
    } catch (OpenTrackingException $error) {
        $seen = Code::from($error->getCode());
    }
    check($seen === $code, "the call ended in {$seen->name}, not in {$code->name}");
    return microtime(true) - $started;
}

function cancel(): void
{
    $origin = client();
    $derived = $origin->derive();
    $derived->cancel();
    endsIn(Code::Cancelled, fn () => $derived->get());
    endsIn(Code::Cancelled, fn () => $derived->update(false));
    $origin->get();
}

function close(): void
{
    $client = client();
    $client->get();
    $client->close();
    $client->close();
    $client->cancel();
    endsIn(Code::Argument, fn () => $client->get());
    endsIn(Code::Argument, fn () => $client->update(false));
    endsIn(Code::Argument, fn () => $client->derive());
}

function derive(): void
{
    $origin = client(options: ['timeout_ms' => 30_000]);
    $kept = $origin->derive();
    $took = endsIn(Code::Timeout, fn () => $origin->derive(0.15)->get('fault-silent'));
    check($took < BOUNDED, "it took $took s");
    $origin->close();
    $kept->get();
}

/** PHP's idiom for threads: processes, which share the client that was made before the fork. */
function threads(): void
{
    $client = client();
    $client->get();
    $children = [];
    for ($number = 0; $number < 8; $number++) {
        $child = pcntl_fork();
        if ($child === 0) {
            $good = true;
            for ($turn = 0; $turn < 25; $turn++) {
                $good = $good && $client->update($turn % 2 === 0, "subuser-0001$number")->enabled === ($turn % 2 === 0);
                $good = $good && $client->get("subuser-0001$number")->enabled === ($turn % 2 === 0);
            }
            exit($good ? 0 : 1);
        }
        $children[] = $child;
    }
    foreach ($children as $child) {
        pcntl_waitpid($child, $status);
        check(pcntl_wifexited($status) && pcntl_wexitstatus($status) === 0, 'a process failed');
    }
    $client->get();
}

/** Nothing can cancel an update that is under way here: there is one thread. */
function fleet(): void
{
    $client = client();
    $subusers = array_map(fn (int $number) => sprintf('subuser-%05d', $number), range(1, 25));
    $listed = $client->listSubusers();
    sort($listed);
    check($listed === $subusers, 'the list holds others');
    $updated = iterator_to_array($client->updateMany(false, [...$subusers, 'nobody']));
    check(array_column($updated, 'name') === [...$subusers, 'nobody'], 'the update reports others');
    check(array_column($updated, 'index') === range(0, 25), 'the update numbers them otherwise');
    foreach (array_slice($updated, 0, 25) as $item) {
        check($item->result?->enabled === false, "$item->name is on");
    }
    check($updated[25]->error->getCode() === Code::NotFound->value, 'nobody was found');
    $read = iterator_to_array($client->getMany($subusers));
    check(count($read) === 25 && array_filter($read, fn ($item) => $item->result?->enabled !== false) === [], 'one reads on');

    $before = requests();
    foreach ($client->getMany(array_fill(0, 1_000, $subusers[0])) as $item) {
        check($item->error === null, 'the first failed');
        break;
    }
    check(requests() - $before <= 8, 'it went on after its first batch');
    $wrong = client(key: 'SG.wrong');
    endsIn(Code::Unauthorized, fn () => iterator_to_array($wrong->updateMany(false, array_slice($subusers, 0, 10))));
    $client->cancel();
    endsIn(Code::Cancelled, fn () => iterator_to_array($client->updateMany(false, ['fault-silent'])));
}

/** How many the sandbox has seen. */
function requests(): int
{
    $tls = ['cafile' => getenv('SANDBOX_CA_FILE')];
    $stats = file_get_contents(getenv('SANDBOX_URL') . '/_sandbox/stats', context: stream_context_create(['ssl' => $tls]));
    return json_decode($stats)->requests;
}

/**
 * The calls for many, given a sequence of this kind: each name that it gives is done once, whatever its key.
 *
 * @param array{sequence: string} $case
 */
function sequence(array $case): void
{
    $kind = $case['sequence'];
    $names = ['subuser-00001', 'subuser-00002', 'subuser-00001'];
    $generate = function () use ($kind, $names) {
        do {
            yield from array_slice($names, 0, 2);
            yield $names[2]; // by the key of the first
        } while ($kind === 'endless');
        check($kind !== 'throws', 'no more');
    };
    $given = match ($kind) {
        'repeated' => $names,
        'set' => array_keys(array_flip($names)),
        default => $generate(),
    };
    $done = [];
    $thrown = '';
    try {
        foreach (client()->getMany($given) as $item) {
            check($item->error === null, 'an item failed');
            $done[] = $item->name;
            if ($kind === 'endless' && count($done) === 3) {
                break;
            }
        }
    } catch (\LogicException $exception) {
        $thrown = $exception->getMessage();
    }
    check($thrown === ($kind === 'throws' ? 'no more' : ''), "'$thrown' was thrown");
    check($done === ($kind === 'set' ? array_slice($names, 0, 2) : $names), json_encode($done));
}

/**
 * What a logger is told of a call.
 *
 * @param array{on_behalf_of: string, expect_log: list<string>} $case
 */
function logging(array $case): void
{
    $logger = new class {
        /** @var list<string> */
        public array $lines = [];

        /** @param array<string, string> $context */
        public function log(string $level, string $message, array $context): void
        {
            $level = $level === 'warning' ? 'warn' : $level; // as the library has it
            $keys = implode(' ', array_diff(array_keys($context), ['event']));
            $this->lines[] = "$level {$context['event']}: $keys";
        }
    };
    $client = client(options: ['max_retries' => 2, 'logger' => $logger]);
    $client->get('subuser-00001');
    $logger->lines = [];
    $client->get($case['on_behalf_of']);
    check($logger->lines === $case['expect_log'], json_encode($logger->lines));
}

function residentKib(): int
{
    gc_collect_cycles();
    preg_match('/VmRSS:\s*(\d+)/', file_get_contents('/proc/self/status'), $line);
    return (int) $line[1];
}

function calls(Client $client, int $count): void
{
    for ($number = 0; $number < $count; $number++) {
        match (true) {
            $number % 10 === 0 => endsIn(Code::Argument, fn () => $client->get("\n")),
            $number % 10 === 1 => endsIn(Code::NotFound, fn () => $client->get('nobody')),
            $number % 2 === 1 => $client->update($number % 3 === 0),
            default => $client->derive()->get(),
        };
    }
}

function memory(): void
{
    $client = client();
    calls($client, 2_000);
    $before = residentKib();
    calls($client, 10_000);
    $grown = residentKib() - $before;
    printf("  memory: %+d KiB over 10,000 calls\n", $grown);
    check($grown < 2_048, "$grown KiB more");
}

/** @return array<string, int> */
function named(string $pattern): array
{
    preg_match_all($pattern, file_get_contents(getenv('CONFORMANCE_HEADER')), $found);
    return array_combine(array_map(normal(...), $found[1]), array_map(intval(...), $found[2]));
}

function constants(): void
{
    foreach (['/\bSG_(?:ERR_)?(?!REGION_|LOG_)(\w+) = (\d+)/' => Code::cases(), '/\bSG_REGION_(\w+) = (\d+)/' => Region::cases()] as $pattern => $cases) {
        $ours = array_combine(array_map(fn ($case) => normal($case->name), $cases), array_column($cases, 'value'));
        check($ours === named($pattern), json_encode($ours));
    }
}

function secret(): void
{
    $client = client();
    ob_start();
    var_dump($client);
    print_r($client);
    var_export((array) $client);
    echo json_encode($client);
    check(!str_contains(ob_get_clean(), getenv('SANDBOX_KEY')), 'a dump shows the key');
}

/** Null, or what was wrong. */
function wrongIn(callable $scenario, mixed ...$arguments): ?string
{
    try {
        $scenario(...$arguments);
        return null;
    } catch (\Exception $failure) {
        return $failure::class . ": {$failure->getMessage()}";
    }
}

$outcomes = [];
foreach (json_decode(file_get_contents(getenv('CONFORMANCE_CASES')), true, flags: JSON_THROW_ON_ERROR) as $case) {
    if (!is_int($case['region'] ?? '')) { // which no Region says
        $outcomes[$case['name']] = match ($case['scenario'] ?? null) {
            null => runCase($case),
            'sequence' => wrongIn(sequence(...), $case),
            'log' => wrongIn(logging(...), $case),
        };
    }
}
foreach (['cancel', 'close', 'derive', 'threads', 'fleet', 'memory', 'constants', 'secret'] as $scenario) {
    $outcomes[$scenario] = wrongIn(__NAMESPACE__ . "\\$scenario");
}
$failed = array_filter($outcomes);
foreach ($failed as $name => $wrong) {
    echo "FAILED $name: $wrong\n";
}
printf("php %s: %d passed, %d failed\n", explode('-', PHP_VERSION)[0], count($outcomes) - count($failed), count($failed));
exit($failed === [] ? 0 : 1);
