<?php

/**
 * What is PHP's own in the binding; the rest is in the conformance table. Each function of `Tests` is a test.
 *
 *     tests/conformance/run.sh php -d zend.exception_ignore_args=0 bindings/php/tests/tests.php
 */

declare(strict_types=1);

namespace SgOpenTracking\Tests;

use SgOpenTracking\{ApiError, ArgumentError, Client, ClosedError, Code, ConnectionFailed, Native, NotApplied, OpenTracking};
use SgOpenTracking\{OpenTrackingError, RateLimited, Region, TimeoutError};

require __DIR__ . '/../load.php';

const PACKAGE = __DIR__ . '/..';

function equal(mixed $wanted, mixed $seen): void
{
    $wanted === $seen ?: throw new \LogicException(var_export($seen, true) . ', not ' . var_export($wanted, true));
}

function contains(string $part, string $text): void
{
    str_contains($text, $part) ?: throw new \LogicException("'$text' without '$part'");
}

/**
 * @template T of \Throwable
 * @param class-string<T> $class
 * @return T
 */
function throws(string $class, callable $call): \Throwable
{
    try {
        $call();
    } catch (\Throwable $error) {
        equal($class, $error::class);
        return $error;
    }
    throw new \LogicException("no $class");
}

function client(mixed ...$options): Client
{
    $sandbox = ['baseUrl' => getenv('SANDBOX_URL'), 'caFile' => getenv('SANDBOX_CA_FILE'), 'proxy' => '', 'maxRetries' => 0];
    return new Client(getenv('SANDBOX_KEY'), ...$options + $sandbox + ['timeout' => 10]);
}

/**
 * Runs a program of its own.
 *
 * @param list<string> $arguments
 * @return array{string, string} what it printed to its output and to its errors
 */
function php(array $arguments, ?string $library): array
{
    $environment = array_diff_key(getenv(), ['SG_OPEN_TRACKING_LIBRARY' => '']);
    $environment += $library === null ? [] : ['SG_OPEN_TRACKING_LIBRARY' => $library];
    $errors = tmpfile();
    $command = [PHP_BINARY, '-d', 'display_errors=stderr', ...$arguments];
    $process = proc_open($command, [1 => ['pipe', 'w'], 2 => $errors], $pipes, null, $environment);
    $output = stream_get_contents($pipes[1]);
    proc_close($process);
    return [trim($output), file_get_contents(stream_get_meta_data($errors)['uri'])];
}

function directory(): string
{
    $directory = sys_get_temp_dir() . '/sg_open_tracking_php_' . getmypid();
    is_dir($directory) || mkdir($directory);
    register_shutdown_function(fn () => array_map(unlink(...), glob("$directory/*")) && is_dir($directory) && rmdir($directory));
    return $directory;
}

final class Tests
{
    public static function aResultTellsAll(): void
    {
        $result = client()->update(false, onBehalfOf: 'subuser-00005');
        equal([false, 200, 1, null], [$result->enabled, $result->httpStatus, $result->attempts, $result->retryAfter]);
        equal(true, $result->elapsed > 0 && $result->elapsed < 10);
        throws(\Error::class, fn () => $result->enabled = true); // it is readonly
    }

    public static function everyOptionIsTaken(): void
    {
        $client = client(
            timeout: 5,
            connectTimeout: 2.5,
            maxRetries: 1,
            maxConnections: 2,
            requestsPerMinute: 6000,
            userAgent: 'tests/1',
        );
        equal(200, $client->get()->httpStatus);
    }

    public static function anErrorTellsAll(): void
    {
        $error = throws(RateLimited::class, fn () => client(timeout: 0.5)->get('fault-status-429-retry-after-1'));
        equal([429, 1, 1.0, null], [$error->httpStatus, $error->attempts, $error->retryAfter, $error->enabled]);
        equal(true, $error instanceof ApiError && $error->elapsed > 0);
        equal(Code::RateLimited, Code::tryFrom($error->getCode()));
        equal(true, throws(NotApplied::class, fn () => client()->update(false, 'fault-not-applied'))->enabled);
    }

    public static function aBadKeyIsRefusedAndNotShown(): void
    {
        equal('0', ini_get('zend.exception_ignore_args')); // so that traces have arguments
        foreach (["SG.secret \0", 'SG.secret with a space', "SG.secret \xff"] as $key) {
            foreach ([fn () => new Client($key), fn () => OpenTracking::get($key), fn () => OpenTracking::update($key, true)] as $call) {
                $error = throws(ArgumentError::class, $call);
                equal(1, preg_match('/^key must /', $error->getMessage()));
                if (PHP_VERSION_ID >= 80200) { // which knows #[\SensitiveParameter]
                    equal(false, str_contains($error . var_export($error->getTrace(), true), 'secret'));
                }
            }
        }
    }

    public static function anOptionThatIsRefusedIsNamedWithItsRange(): void
    {
        $cases = [
            'maxConnections must be 1 to 1024' => ['maxConnections' => 1025],
            'maxRetries must be 0 to 4294967295' => ['maxRetries' => -1],
            'timeout must be more than 0 and at most 4294967 seconds' => ['timeout' => NAN],
        ];
        foreach ($cases as $message => $options) {
            equal($message, throws(ArgumentError::class, fn () => client(...$options))->getMessage());
        }
        $message = throws(ArgumentError::class, fn () => client()->derive(-1))->getMessage();
        equal('timeout must be more than 0 and at most 4294967 seconds', $message);
    }

    public static function aDumpShowsTheRegionAndNoKey(): void
    {
        $client = client();
        $client->close();
        equal("SgOpenTracking\Client Object\n(\n", substr(print_r($client, true), 0, 31));
        contains('[closed] => 1', print_r($client, true));
        throws(ClosedError::class, fn () => $client->get());
        throws(\Error::class, fn () => clone $client);
        throws(\LogicException::class, fn () => serialize($client));
    }

    public static function aTimeoutEndsItsCall(): void
    {
        throws(TimeoutError::class, fn () => client(timeout: 0.2)->update(true, 'fault-silent'));
        equal(true, throws(\SgOpenTracking\ConnectFailed::class, fn () => client(baseUrl: 'https://127.0.0.1:1')->get()) instanceof ConnectionFailed);
    }

    public static function theEnvironmentServesForOptions(): void
    {
        foreach ([false, true] as $enabled) {
            equal($enabled, OpenTracking::update(getenv('SANDBOX_KEY'), $enabled, onBehalfOf: 'subuser-00011'));
            equal($enabled, OpenTracking::get(getenv('SANDBOX_KEY'), Region::Global, 'subuser-00011'));
        }
    }

    public static function manyAreTold(): void
    {
        $client = client();
        $names = array_map(fn (int $number) => sprintf('subuser-%05d', $number % 25 + 1), range(0, 299)); // two batches
        $items = iterator_to_array($client->getMany($names));
        equal($names, array_column($items, 'name'));
        equal(range(0, 299), array_column($items, 'index'));
        $items = iterator_to_array($client->getMany(new \ArrayIterator(['subuser-00001', '', 'fault-unicode-message'])));
        equal([200, null], [$items[0]->result?->httpStatus, $items[0]->error]);
        equal([null, ArgumentError::class], [$items[1]->result, $items[1]->error::class]);
        contains('権限がありません', $items[2]->error->getMessage());
        equal([], iterator_to_array($client->updateMany(true, [])));
        throws(ArgumentError::class, fn () => $client->getMany(['subuser-00001', "a\0b"])); // before anything is sent
        throws(\TypeError::class, fn () => $client->getMany([null]));
    }

    public static function everyNameOfASequenceIsDone(): void
    {
        $client = client();
        $repeating = function () {
            yield 'a' => 'subuser-00001';
            yield 'a' => 'subuser-00002';
            yield from ['subuser-00003', 'subuser-00001'];
            yield from ['subuser-00004'];
        };
        $names = ['subuser-00001', 'subuser-00002', 'subuser-00003', 'subuser-00001', 'subuser-00004'];
        foreach ([$repeating(), $names, array_combine(['x', 'y', 'z', 'u', 'v'], $names), new \ArrayIterator($names)] as $given) {
            $items = iterator_to_array($client->updateMany(false, $given));
            equal($names, array_map(fn ($item) => $item->name, $items));
            equal(range(0, 4), array_map(fn ($item) => $item->index, $items));
        }
        // An endless one is taken as far as it is needed.
        $endless = function () use (&$taken) {
            for ($taken = 0; ; $taken++) {
                yield 'subuser-00001';
            }
        };
        foreach ($client->getMany($endless()) as $item) {
            if ($item->index === 3) {
                break;
            }
        }
        equal(true, $taken < 1000);
        // What comes before an exception is done, and then it is thrown.
        $broken = function () {
            yield 'subuser-00001';
            yield 'subuser-00002';
            throw new \DomainException('on purpose');
        };
        $done = 0;
        throws(\DomainException::class, function () use ($client, $broken, &$done) {
            foreach ($client->getMany($broken()) as $item) {
                $done += (int) ($item->error === null);
            }
        });
        equal(2, $done);
    }

    public static function aClientHasNoSecondOwner(): void
    {
        $client = client();
        throws(\Error::class, fn () => clone $client);
        contains("can't be serialized", throws(\LogicException::class, fn () => serialize($client))->getMessage());
    }

    public static function aRestrictedFfiIsToldAsWhatItIs(): void
    {
        $script = 'require "' . __DIR__ . '/../load.php"; SgOpenTracking\OpenTracking::libraryVersion();';
        [, $said] = php(['-d', 'ffi.enable=0', '-r', $script], null);
        contains('restricted', $said);
        contains('opcache.preload', $said);
        equal(false, str_contains($said, 'install it'));
    }

    public static function closingMidwayEndsIt(): void
    {
        $client = client();
        $items = $client->getMany(array_fill(0, 300, 'subuser-00001'));
        equal(0, $items->current()->index);
        $client->close();
        throws(ClosedError::class, fn () => iterator_to_array($items));
        throws(ClosedError::class, fn () => $client->getMany(['subuser-00001']));
        throws(ClosedError::class, fn () => $client->listSubusers());
    }

    public static function everyFunctionOfTheHeaderIsDeclared(): void
    {
        $named = fn (string $file, string $margin) => preg_match_all(
            "/^$margin(?:[a-z].*[ *])?(sg_\w+)\(/m",
            file_get_contents($file),
            $found,
        ) ? $found[1] : [];
        $wanted = $named(getenv('CONFORMANCE_HEADER'), '');
        $declared = $named(PACKAGE . '/src/Native.php', ' {8}');
        sort($wanted);
        sort($declared);
        equal($wanted, $declared);
    }

    public static function everyCodeHasItsClass(): void
    {
        foreach (Code::cases() as $code) {
            $error = OpenTrackingError::of('text', $code->value);
            equal($code->value, $error->getCode());
            equal(in_array($code, [Code::Ok, Code::Partial], true), $error::class === OpenTrackingError::class);
        }
        equal(99, OpenTrackingError::of('text', 99)->getCode());
    }

    public static function layout(): void
    {
        $type = Native::library()->type('sg_result');
        equal(512, $type->getSize());
        $offsets = array_map($type->getStructFieldOffset(...), $type->getStructFieldNames());
        equal([0, 4, 8, 9, 12, 16, 24, 32], $offsets);
    }

    public static function versions(): void
    {
        preg_match('/^version = "(.+)"/m', file_get_contents(PACKAGE . '/../../Cargo.toml'), $version);
        equal($version[1], OpenTracking::libraryVersion());
    }

    public static function aLibraryOfAnotherVersionIsRefused(): void
    {
        foreach ([['0.1.0', [0, 1]], ['0.1.9', [0, 1]], ['1.2.0', [1, 2]], ['1.3.1', [1, 2]]] as [$version, $writtenFor]) {
            Native::checkVersion($version, $writtenFor);
        }
        foreach ([['0.2.0', [0, 1]], ['1.1.0', [0, 1]], ['0.1.0', [1, 2]], ['2.2.0', [1, 2]]] as [$version, $writtenFor]) {
            $error = throws(\RuntimeException::class, fn () => Native::checkVersion($version, $writtenFor));
            contains("libsg_open_tracking $version was found", $error->getMessage());
        }
    }

    public static function theLibraryIsLookedForWhereTheReadmeSays(): void
    {
        $print = '; echo SgOpenTracking\OpenTracking::libraryVersion();';
        $load = fn (string $package) => ['-r', 'require ' . var_export("$package/load.php", true) . $print];
        [, $errors] = php($load(PACKAGE), '/nowhere/library.so');
        contains('libsg_open_tracking was not found', $errors);
        contains('/nowhere/library.so', $errors);
        [, $errors] = php($load(PACKAGE), 'libc.so.6');
        contains('libc.so.6 is not the libsg_open_tracking that was meant', $errors);

        $copy = directory() . '/beside';
        mkdir("$copy/src", recursive: true);
        $library = getenv('SG_OPEN_TRACKING_LIBRARY');
        $files = ["$copy/load.php" => PACKAGE . '/load.php', "$copy/src/libsg_open_tracking.so" => $library];
        foreach (glob(PACKAGE . '/src/*.php') as $file) {
            $files["$copy/src/" . basename($file)] = $file;
        }
        foreach ($files as $to => $from) {
            copy($from, $to);
        }
        try {
            equal([OpenTracking::libraryVersion(), ''], php($load($copy), null));
        } finally {
            array_map(unlink(...), array_keys($files));
            rmdir("$copy/src");
            rmdir($copy);
        }
    }

    /** A web server, since the command line is free of ffi.enable's restriction. */
    public static function preloadingLiftsTheRestriction(): void
    {
        $page = directory() . '/page.php';
        file_put_contents($page, <<<'PHP'
            <?php
            try {
                \FFI::cdef('int abs(int);');
                echo 'FFI is free';
            } catch (\FFI\Exception) {
                $client = new SgOpenTracking\Client(getenv('SENDGRID_API_KEY'));
                echo json_encode([$client->update(false)->enabled, SgOpenTracking\OpenTracking::get(getenv('SENDGRID_API_KEY'))]);
            }
            PHP);
        $settings = ['ffi.enable' => 'preload', 'opcache.enable' => '1', 'opcache.preload' => realpath(PACKAGE . '/load.php')];
        $settings += posix_geteuid() === 0 ? ['opcache.preload_user' => 'root'] : []; // who must be named
        $command = [PHP_BINARY];
        foreach ($settings as $name => $value) {
            array_push($command, '-d', "$name=$value");
        }
        $server = proc_open([...$command, '-S', '127.0.0.1:0', $page], [1 => ['file', '/dev/null', 'w'], 2 => ['pipe', 'w']], $pipes);
        try {
            $said = '';
            while (!preg_match('#\((http://[\d.:]+)\) started#', $said, $address)) {
                $line = fgets($pipes[2]);
                $line !== false ?: throw new \LogicException("the server did not start: $said");
                $said .= $line;
            }
            $answer = fn () => file_get_contents("{$address[1]}/", context: stream_context_create(['http' => ['proxy' => null]]));
            equal('[false,false]', $answer());
            equal('[false,false]', $answer());
        } finally {
            proc_terminate($server);
            proc_close($server);
        }
    }

    public static function theReadmesSnippetsRun(): void
    {
        preg_match_all('/^```php\n(.+?)^```/ms', file_get_contents(PACKAGE . '/README.md'), $snippets);
        equal(2, count($snippets[1]));
        $file = directory() . '/example.php';
        foreach ($snippets[1] as $snippet) {
            file_put_contents($file, $snippet);
            $arguments = ['-d', 'auto_prepend_file=' . PACKAGE . '/load.php', $file];
            equal(['open tracking is off', ''], php($arguments, getenv('SG_OPEN_TRACKING_LIBRARY')));
        }
    }
}

$tests = get_class_methods(Tests::class);
$failed = 0;
foreach ($tests as $test) {
    try {
        Tests::$test();
    } catch (\Throwable $failure) {
        $failed++;
        echo "FAILED $test: $failure\n";
    }
}
printf("php tests: %d passed, %d failed\n", count($tests) - $failed, $failed);
exit($failed === 0 ? 0 : 1);
