<?php

namespace SgOpenTracking\Tests;

use Monolog\Handler\TestHandler;
use Monolog\Logger;
use PHPUnit\Framework\TestCase;
use SgOpenTracking\{Client, Code, Native, OpenTracking, Region};
use SgOpenTracking\Exception\{ApiException, CallFailedException, ClientClosedException, ConnectFailedException};
use SgOpenTracking\Exception\{ConnectionFailedException, InvalidArgumentException, LibraryNotLoadedException};
use SgOpenTracking\Exception\{NotAppliedException, OpenTrackingException, RateLimitedException, TimeoutException};
use SgOpenTracking\Exception\{ForbiddenException, NotFoundException, TlsFailedException};

/** What is PHP's own in the binding; the rest is in the conformance table. */
final class BindingTest extends TestCase
{
    private const PACKAGE = __DIR__ . '/..';

    private string $directory;

    protected function setUp(): void
    {
        $this->directory = sys_get_temp_dir() . '/sg_open_tracking_php_' . getmypid();
        mkdir($this->directory);
    }

    protected function tearDown(): void
    {
        $inside = new \RecursiveDirectoryIterator($this->directory, \FilesystemIterator::SKIP_DOTS);
        foreach (new \RecursiveIteratorIterator($inside, \RecursiveIteratorIterator::CHILD_FIRST) as $path => $file) {
            $file->isDir() ? rmdir($path) : unlink($path);
        }
        rmdir($this->directory);
    }

    /**
     * @template T of \Throwable
     * @param class-string<T> $class
     * @return T
     */
    private static function throws(string $class, callable $call): \Throwable
    {
        try {
            $call();
        } catch (\Throwable $error) {
            self::assertSame($class, $error::class, (string) $error);
            return $error;
        }
        self::fail("no $class");
    }

    private static function client(mixed ...$options): Client
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
    private static function php(array $arguments, ?string $library): array
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

    public function testAResultTellsAll(): void
    {
        $result = self::client()->update(false, onBehalfOf: 'subuser-00005');
        self::assertSame([false, 200, 1, null], [$result->enabled, $result->httpStatus, $result->attempts, $result->retryAfter]);
        self::assertTrue($result->elapsed > 0 && $result->elapsed < 10);
        self::throws(\Error::class, fn () => $result->enabled = true); // it is readonly
    }

    public function testEveryOptionIsTaken(): void
    {
        $client = self::client(
            timeout: 5,
            connectTimeout: 2.5,
            maxRetries: 1,
            maxConnections: 2,
            requestsPerMinute: 6000,
            userAgent: 'tests/1',
        );
        self::assertSame(200, $client->get()->httpStatus);
    }

    public function testAnErrorTellsAll(): void
    {
        $client = self::client();
        $error = self::throws(RateLimitedException::class, fn () => $client->get('fault-status-429-retry-after-1'));
        self::assertSame([429, 1, 1.0, null], [$error->httpStatus, $error->attempts, $error->retryAfter, $error->enabled]);
        self::assertInstanceOf(ApiException::class, $error);
        self::assertGreaterThan(0, $error->elapsed);
        self::assertSame(Code::RateLimited, Code::tryFrom($error->getCode()));
        $error = self::throws(NotAppliedException::class, fn () => $client->update(false, 'fault-not-applied'));
        self::assertTrue($error->enabled);
    }

    public function testABadKeyIsRefusedAndNotShown(): void
    {
        self::assertSame('0', ini_get('zend.exception_ignore_args')); // so that traces have arguments
        foreach (["SG.secret \0", 'SG.secret with a space', "SG.secret \xff"] as $key) {
            $calls = [fn () => new Client($key), fn () => OpenTracking::get($key), fn () => OpenTracking::update($key, true)];
            foreach ($calls as $call) {
                $error = self::throws(InvalidArgumentException::class, $call);
                self::assertSame(1, preg_match('/^key must /', $error->getMessage()));
                if (PHP_VERSION_ID >= 80200) { // which knows #[\SensitiveParameter]
                    self::assertStringNotContainsString('secret', $error . var_export($error->getTrace(), true));
                }
            }
        }
    }

    public function testAnOptionThatIsRefusedIsNamedWithItsRange(): void
    {
        $cases = [
            'maxConnections must be 1 to 1024' => ['maxConnections' => 1025],
            'maxRetries must be 0 to 4294967295' => ['maxRetries' => -1],
            'timeout must be more than 0 and at most 4294967 seconds' => ['timeout' => NAN],
        ];
        foreach ($cases as $message => $options) {
            $error = self::throws(InvalidArgumentException::class, fn () => self::client(...$options));
            self::assertSame($message, $error->getMessage());
        }
        $message = self::throws(InvalidArgumentException::class, fn () => self::client()->derive(-1))->getMessage();
        self::assertSame('timeout must be more than 0 and at most 4294967 seconds', $message);
    }

    public function testADumpShowsTheRegionAndNoKey(): void
    {
        $client = self::client();
        $client->close();
        self::assertSame("SgOpenTracking\Client Object\n(\n", substr(print_r($client, true), 0, 31));
        self::assertStringContainsString('[closed] => 1', print_r($client, true));
        self::throws(ClientClosedException::class, fn () => $client->get());
    }

    public function testATimeoutEndsItsCall(): void
    {
        self::throws(TimeoutException::class, fn () => self::client(timeout: 0.2)->update(true, 'fault-silent'));
        $nowhere = self::client(baseUrl: 'https://127.0.0.1:1');
        $error = self::throws(ConnectFailedException::class, fn () => $nowhere->get());
        self::assertInstanceOf(ConnectionFailedException::class, $error);
    }

    public function testTheEnvironmentServesForOptions(): void
    {
        foreach ([false, true] as $enabled) {
            self::assertSame($enabled, OpenTracking::update(getenv('SANDBOX_KEY'), $enabled, onBehalfOf: 'subuser-00011'));
            self::assertSame($enabled, OpenTracking::get(getenv('SANDBOX_KEY'), Region::Global, 'subuser-00011'));
        }
    }

    public function testManyAreTold(): void
    {
        $client = self::client();
        $names = array_map(fn (int $number) => sprintf('subuser-%05d', $number % 25 + 1), range(0, 299)); // two batches
        $items = iterator_to_array($client->getMany($names));
        self::assertSame($names, array_column($items, 'name'));
        self::assertSame(range(0, 299), array_column($items, 'index'));
        $items = iterator_to_array($client->getMany(new \ArrayIterator(['subuser-00001', '', 'fault-unicode-message'])));
        self::assertSame([200, null], [$items[0]->result?->httpStatus, $items[0]->error]);
        self::assertSame([null, InvalidArgumentException::class], [$items[1]->result, $items[1]->error::class]);
        self::assertStringContainsString('権限がありません', $items[2]->error->getMessage());
        self::assertSame([], iterator_to_array($client->updateMany(true, [])));
        // Before anything is sent.
        self::throws(InvalidArgumentException::class, fn () => $client->getMany(['subuser-00001', "a\0b"]));
        self::throws(\TypeError::class, fn () => $client->getMany([null]));
    }

    public function testEveryNameOfASequenceIsDone(): void
    {
        $client = self::client();
        $repeating = function () {
            yield 'a' => 'subuser-00001';
            yield 'a' => 'subuser-00002';
            yield from ['subuser-00003', 'subuser-00001'];
            yield from ['subuser-00004'];
        };
        $names = ['subuser-00001', 'subuser-00002', 'subuser-00003', 'subuser-00001', 'subuser-00004'];
        $named = array_combine(['x', 'y', 'z', 'u', 'v'], $names);
        foreach ([$repeating(), $names, $named, new \ArrayIterator($names)] as $given) {
            $items = iterator_to_array($client->updateMany(false, $given));
            self::assertSame($names, array_map(fn ($item) => $item->name, $items));
            self::assertSame(range(0, 4), array_map(fn ($item) => $item->index, $items));
        }
        // An endless one is taken as far as it is needed.
        $endless = function () use (&$taken) {
            for ($taken = 0;; $taken++) {
                yield 'subuser-00001';
            }
        };
        foreach ($client->getMany($endless()) as $item) {
            if ($item->index === 3) {
                break;
            }
        }
        self::assertLessThanOrEqual(8, $taken);
        // What comes before an exception is done, and then it is thrown.
        $broken = function () {
            yield 'subuser-00001';
            yield 'subuser-00002';
            throw new \DomainException('on purpose');
        };
        $done = 0;
        self::throws(\DomainException::class, function () use ($client, $broken, &$done) {
            foreach ($client->getMany($broken()) as $item) {
                $done += (int) ($item->error === null);
            }
        });
        self::assertSame(2, $done);
    }

    public function testAClientHasNoSecondOwner(): void
    {
        $client = self::client();
        $forged = sprintf('O:%d:"%s":0:{}', strlen(Client::class), Client::class);
        $copies = [
            "can't be cloned" => fn () => clone $client,
            "can't be serialized" => fn () => serialize($client),
            'make one where it is needed' => fn () => unserialize($forged),
            "can't be made of what var_export shows" => fn () => Client::__set_state([]),
        ];
        foreach ($copies as $message => $copy) {
            $error = self::throws(\BadMethodCallException::class, $copy);
            self::assertStringContainsString($message, $error->getMessage());
        }
        gc_collect_cycles();
        self::assertSame(200, $client->get()->httpStatus); // the refused copy has freed nothing
    }

    public function testARestrictedOrMissingFfiIsToldAsWhatItIs(): void
    {
        $script = ['-r', 'require "' . self::PACKAGE . '/autoload.php"; SgOpenTracking\OpenTracking::libraryVersion();'];
        [, $said] = self::php(['-d', 'ffi.enable=0', ...$script], null);
        self::assertStringContainsString('restricted', $said);
        self::assertStringContainsString('opcache.preload', $said);
        self::assertStringNotContainsString('install it', $said);
        [, $said] = self::php(['-n', ...$script], null); // without php.ini, which loads the extension
        self::assertStringContainsString("PHP's FFI extension is not loaded", $said);
    }

    /** It limits the script's own work, in which a wait is none. */
    public function testATimeLimitDoesNotEndACall(): void
    {
        $client = self::client(timeout: 2);
        set_time_limit(1);
        try {
            $error = self::throws(TimeoutException::class, fn () => $client->get('fault-silent'));
        } finally {
            set_time_limit(0);
        }
        self::assertGreaterThan(1.9, $error->elapsed);
    }

    private static function logger(): object
    {
        return new class {
            /** @var list<array{string, string, array<string, string>}> */
            public array $said = [];

            public function log(string $level, string $message, array $context): void
            {
                $this->said[] = [$level, $message, $context];
            }

            /** @return list<string> */
            public function events(): array
            {
                return array_column(array_column($this->said, 2), 'event');
            }
        };
    }

    public function testALoggerIsToldWhatCallsDo(): void
    {
        $logger = self::logger();
        $client = self::client(logger: $logger, maxRetries: 1);
        $client->get('fault-once-503-' . getmypid());
        self::assertContains(['debug', 'sent'], array_map(fn ($said) => [$said[0], $said[2]['event']], $logger->said));
        [[$level, $line, $fields]] = array_values(array_filter($logger->said, fn ($said) => $said[2]['event'] === 'retry'));
        self::assertSame(['warning', 'warn', '503'], [$level, $fields['level'], $fields['why']]);
        self::assertStringStartsWith("event=retry level=warn call={$fields['call']} attempt=1 why=503 wait_ms=", $line);
        self::assertCount(1, array_unique(array_column(array_column($logger->said, 2), 'call')));

        $logger->said = [];
        self::throws(NotFoundException::class, fn () => $client->derive()->get('nobody'));
        [$level, , $fields] = end($logger->said);
        self::assertSame(['error', 'end', 'SG_ERR_NOT_FOUND'], [$level, $fields['event'], $fields['code']]);
        self::assertStringContainsString(' ', $fields['why']); // it was in quotation marks

        $logger->said = [];
        iterator_to_array($client->getMany(['subuser-00001', 'subuser-00002', 'subuser-00003']));
        self::assertCount(3, array_keys($logger->events(), 'end'));
        $client->listSubusers();
        self::assertGreaterThan(3, count(array_keys($logger->events(), 'end')));
        $key = getenv('SANDBOX_KEY');
        OpenTracking::get($key, logger: $logger, timeout: 10);
        self::throws(ForbiddenException::class, fn () => $client->get('fault-echo-key'));
        self::assertStringContainsString('fault-echo-key', json_encode($logger->said));
        self::assertStringNotContainsString($key, json_encode($logger->said));
    }

    public function testALoggerIsAskedWhatItTakes(): void
    {
        $taken = new TestHandler('warning');
        $client = self::client(logger: new Logger('sendgrid', [$taken]), maxRetries: 1);
        $client->get('fault-once-503-asked-' . getmypid());
        $events = array_column(array_column($taken->getRecords(), 'context'), 'level', 'event');
        self::assertSame('warn', $events['retry']);
        self::assertSame(['warn'], array_values(array_unique($events))); // a slow step would be another
        $logger = new class {
            public function isHandling(int $level): bool
            {
                return false;
            }

            public function log(): void
            {
                throw new \LogicException('nothing was wanted');
            }
        };
        $client = self::client(logger: $logger);
        self::assertNull((new \ReflectionProperty($client, 'log'))->getValue($client)); // so it costs nothing
        $error = self::throws(InvalidArgumentException::class, fn () => self::client(logger: new \stdClass()));
        self::assertSame('logger must have the method log() of PSR-3', $error->getMessage());
    }

    public function testWhatALoggerThrowsEndsNoCall(): void
    {
        $logger = new class {
            public int $called = 0;

            public function log(): void
            {
                $this->called++;
                throw new \DomainException('no room on the disk');
            }
        };
        self::assertSame(200, self::client(logger: $logger)->get()->httpStatus);
        self::assertGreaterThan(2, $logger->called);
    }

    public function testAListThatTheScriptsEndBrokeOffIsInNoLaterOne(): void
    {
        $script = sprintf('require "%s";', self::PACKAGE . '/autoload.php') . <<<'PHP'
            $client = new SgOpenTracking\Client(getenv('SENDGRID_API_KEY'));
            register_shutdown_function(fn () => print(count($client->listSubusers())));
            pcntl_async_signals(true);
            pcntl_signal(SIGUSR1, fn () => exit);
            if (pcntl_fork() === 0) {
                usleep(50_000);
                posix_kill(posix_getppid(), SIGUSR1);
                posix_kill(getmypid(), SIGKILL);
            }
            while (true) {
                $client->listSubusers();
            }
            PHP;
        [$output, $errors] = self::php(['-r', $script], getenv('SG_OPEN_TRACKING_LIBRARY'));
        self::assertSame('25', $output, $errors);
    }

    /** A script that ended, or threw, amid a callback would leave the library in the midst of its call. */
    public function testNothingEndsTheScriptAmidACallback(): void
    {
        $script = sprintf('require "%s";', self::PACKAGE . '/autoload.php') . <<<'PHP'
            $work = function (float $seconds) {
                $until = getrusage()['ru_utime.tv_sec'] + getrusage()['ru_utime.tv_usec'] / 1e6 + $seconds;
                while (getrusage()['ru_utime.tv_sec'] + getrusage()['ru_utime.tv_usec'] / 1e6 < $until);
            };
            set_time_limit(1);
            SgOpenTracking\Native::uninterrupted(function () use ($work) {
                $work(1.2);
                echo 'the call is over';
            });
            $work(1.2);
            echo 'the limit is lost';
            PHP;
        [$output, $errors] = self::php(['-r', $script], getenv('SG_OPEN_TRACKING_LIBRARY'));
        self::assertSame('the call is over', $output, $errors);
        self::assertStringContainsString('Maximum execution time of 1 second exceeded', $errors);

        pcntl_async_signals(true);
        pcntl_signal(SIGALRM, fn () => throw new \DomainException('the alarm'));
        $logger = self::logger();
        pcntl_alarm(1);
        try {
            self::throws(\DomainException::class, fn () => self::client(logger: $logger)->get('fault-delay-1500'));
        } finally {
            pcntl_async_signals(false);
            pcntl_signal(SIGALRM, SIG_DFL);
        }
        self::assertSame('end', $logger->events()[count($logger->said) - 1]);
    }

    public function testCallbacksAreNotPiledUp(): void
    {
        $client = self::client();
        $client->listSubusers();
        $before = memory_get_usage();
        for ($number = 0; $number < 100; $number++) {
            $client->listSubusers();
            self::client(logger: self::logger())->close();
        }
        self::assertLessThan(20_000, memory_get_usage() - $before);
    }

    public function testClosingMidwayEndsIt(): void
    {
        $client = self::client();
        $items = $client->getMany(array_fill(0, 300, 'subuser-00001'));
        self::assertSame(0, $items->current()->index);
        $client->close();
        self::throws(ClientClosedException::class, fn () => iterator_to_array($items));
        self::throws(ClientClosedException::class, fn () => $client->getMany(['subuser-00001']));
        self::throws(ClientClosedException::class, fn () => $client->listSubusers());
    }

    public function testEveryFunctionOfTheHeaderIsDeclared(): void
    {
        $named = fn (string $file, string $margin) => preg_match_all(
            "/^$margin(?:[a-z].*[ *])?(sg_\w+)\(/m",
            file_get_contents($file),
            $found,
        ) ? $found[1] : [];
        $wanted = $named(getenv('CONFORMANCE_HEADER'), '');
        $declared = $named(self::PACKAGE . '/src/Native.php', ' {8}');
        sort($wanted);
        sort($declared);
        self::assertSame($wanted, $declared);
    }

    public function testEveryCodeHasItsClass(): void
    {
        foreach (Code::cases() as $code) {
            $exception = CallFailedException::of('text', $code->value);
            self::assertSame($code->value, $exception->getCode());
            self::assertSame(in_array($code, [Code::Ok, Code::Partial], true), $exception::class === CallFailedException::class);
        }
        self::assertSame(99, CallFailedException::of('text', 99)->getCode());
    }

    public function testExceptionsAreNamedAndCaughtAsUsual(): void
    {
        foreach (glob(self::PACKAGE . '/src/Exception/*.php') as $file) {
            $name = basename($file, '.php');
            self::assertStringEndsWith('Exception', $name);
            self::assertTrue(is_a("SgOpenTracking\\Exception\\$name", OpenTrackingException::class, true), $name);
        }
        self::assertTrue(is_a(InvalidArgumentException::class, \InvalidArgumentException::class, true));
        self::assertTrue(is_a(ClientClosedException::class, \LogicException::class, true));
        self::assertTrue(is_a(CallFailedException::class, \RuntimeException::class, true));
    }

    public function testOneCallTakesTheOptionsAndThenTellsAll(): void
    {
        $key = getenv('SANDBOX_KEY');
        $silent = fn () => OpenTracking::get($key, onBehalfOf: 'fault-silent', timeout: 0.2);
        $error = self::throws(TimeoutException::class, $silent);
        self::assertGreaterThan(0.1, $error->elapsed);
        $options = ['onBehalfOf' => 'fault-status-429-retry-after-1', 'maxRetries' => 0];
        $error = self::throws(RateLimitedException::class, fn () => OpenTracking::update($key, false, ...$options));
        self::assertSame([429, 1.0], [$error->httpStatus, $error->retryAfter]);
        $options = ['onBehalfOf' => 'subuser-00012', 'caFile' => getenv('SANDBOX_CA_FILE'), 'proxy' => ''];
        self::assertTrue(OpenTracking::update($key, true, ...$options));
        $other = ['caFile' => getenv('CONFORMANCE_OTHER_CA_FILE'), 'maxRetries' => 0];
        self::throws(TlsFailedException::class, fn () => OpenTracking::get($key, ...$other));
    }

    public function testLayout(): void
    {
        $type = Native::library()->type('sg_result');
        self::assertSame(512, $type->getSize());
        $offsets = array_map($type->getStructFieldOffset(...), $type->getStructFieldNames());
        self::assertSame([0, 4, 8, 9, 12, 16, 24, 32], $offsets);
    }

    public function testVersions(): void
    {
        preg_match('/^version = "(.+)"/m', file_get_contents(self::PACKAGE . '/../../Cargo.toml'), $version);
        self::assertSame($version[1], OpenTracking::libraryVersion());
    }

    public function testALibraryOfAnotherVersionIsRefused(): void
    {
        $check = fn (string $version) => Native::checkVersion('path', $version, [1, 2]);
        array_map($check, ['1.2.0', '1.2.7', '1.3.0', '1.10.0']);
        foreach (['0.2.0', '1.1.9', '2.0.0', '2.2.0', '10.2.0'] as $version) {
            $error = self::throws(LibraryNotLoadedException::class, fn () => $check($version));
            $needs = "path is libsg_open_tracking $version, and this package needs 1.2 or a later 1.x: ";
            self::assertStringStartsWith($needs, $error->getMessage());
        }
    }

    public function testTheLibraryIsLookedForWhereTheReadmeSays(): void
    {
        $print = '; echo SgOpenTracking\OpenTracking::libraryVersion();';
        $load = fn (string $package) => ['-r', 'require ' . var_export("$package/autoload.php", true) . $print];
        [, $errors] = self::php($load(self::PACKAGE), '/nowhere/library.so');
        self::assertStringContainsString('libsg_open_tracking was not found', $errors);
        self::assertStringContainsString('/nowhere/library.so', $errors);
        [, $errors] = self::php($load(self::PACKAGE), 'libc.so.6');
        self::assertStringContainsString('libc.so.6 is not the libsg_open_tracking that was meant', $errors);

        $copy = "$this->directory/package";
        mkdir("$copy/src/Exception", recursive: true);
        foreach (glob(self::PACKAGE . '/{,src/,src/Exception/}*.php', GLOB_BRACE) as $file) {
            copy($file, $copy . substr($file, strlen(self::PACKAGE)));
        }
        copy(getenv('SG_OPEN_TRACKING_LIBRARY'), "$copy/src/libsg_open_tracking.so");
        self::assertSame([OpenTracking::libraryVersion(), ''], self::php($load($copy), null));
    }

    /** A web server, since the command line is free of ffi.enable's restriction. */
    public function testPreloadingLiftsTheRestriction(): void
    {
        $page = "$this->directory/page.php";
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
        $preload = realpath(self::PACKAGE . '/preload.php');
        $settings = ['ffi.enable' => 'preload', 'opcache.enable' => '1', 'opcache.preload' => $preload];
        $settings += posix_geteuid() === 0 ? ['opcache.preload_user' => 'root'] : []; // who must be named
        $command = [PHP_BINARY];
        foreach ($settings as $name => $value) {
            array_push($command, '-d', "$name=$value");
        }
        array_push($command, '-S', '127.0.0.1:0', $page);
        $server = proc_open($command, [1 => ['file', '/dev/null', 'w'], 2 => ['pipe', 'w']], $pipes);
        try {
            $said = '';
            while (!preg_match('#\((http://[\d.:]+)\) started#', $said, $address)) {
                $line = fgets($pipes[2]);
                $line !== false ?: throw new \LogicException("the server did not start: $said");
                $said .= $line;
            }
            $answer = fn () => file_get_contents("{$address[1]}/", context: stream_context_create(['http' => ['proxy' => null]]));
            self::assertSame('[false,false]', $answer());
            self::assertSame('[false,false]', $answer());
        } finally {
            proc_terminate($server);
            proc_close($server);
        }
    }

    public function testTheReadmesSnippetsRun(): void
    {
        preg_match_all('/^```php\n(.+?)^```/ms', file_get_contents(self::PACKAGE . '/README.md'), $snippets);
        self::assertCount(4, $snippets[1]);
        $file = "$this->directory/example.php";
        foreach ($snippets[1] as $snippet) {
            file_put_contents($file, $snippet);
            $arguments = ['-d', 'auto_prepend_file=' . __DIR__ . '/bootstrap.php', $file];
            [$output, $errors] = self::php($arguments, getenv('SG_OPEN_TRACKING_LIBRARY'));
            self::assertSame('open tracking is off', $output, $errors);
            if (str_contains($snippet, 'logger: ')) {
                self::assertStringContainsString('event=end level=info', $errors);
            } else {
                self::assertSame('', $errors);
            }
        }
    }
}
