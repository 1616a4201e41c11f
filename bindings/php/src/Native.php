<?php

declare(strict_types=1);

namespace SgOpenTracking;

use FFI\CData;
use SgOpenTracking\Exception\{CallFailedException, LibraryNotLoadedException};

/**
 * The FFI layer: finds the library, checks its version and declares its functions.
 *
 * @internal
 */
final class Native
{
    /** The oldest version of the library that has all that this package uses. */
    private const NEEDED = [1, 1];

    private const DECLARATIONS = <<<'C'
        typedef struct sg_config sg_config;
        typedef struct sg_client sg_client;
        typedef struct sg_result {
            int32_t code;
            int32_t http_status;
            bool enabled;
            uint8_t reserved_[3];
            uint32_t attempts;
            int64_t retry_after_ms;
            int64_t elapsed_us;
            char message[480];
        } sg_result;
        typedef void (*sg_on_log)(void *context, int32_t level, const char *line);
        typedef bool (*sg_on_subuser)(void *context, const char *username);
        int32_t sg_open_tracking_update(const char *key, bool enabled, int32_t region, const char *on_behalf_of, bool *reported);
        int32_t sg_open_tracking_get(const char *key, int32_t region, const char *on_behalf_of, bool *reported);
        sg_config *sg_config_new(void);
        void sg_config_free(sg_config *config);
        int32_t sg_config_set_timeout_ms(sg_config *config, uint32_t ms);
        int32_t sg_config_set_connect_timeout_ms(sg_config *config, uint32_t ms);
        int32_t sg_config_set_max_retries(sg_config *config, uint32_t n);
        int32_t sg_config_set_max_connections(sg_config *config, uint32_t n);
        int32_t sg_config_set_requests_per_minute(sg_config *config, uint32_t n);
        int32_t sg_config_set_base_url(sg_config *config, const char *url);
        int32_t sg_config_set_proxy(sg_config *config, const char *url);
        int32_t sg_config_set_ca_file(sg_config *config, const char *path);
        int32_t sg_config_set_user_agent(sg_config *config, const char *product);
        int32_t sg_config_set_log(sg_config *config, int32_t level, sg_on_log on_log, void *context);
        int32_t sg_client_new(const char *key, int32_t region, const sg_config *config, sg_client **client);
        int32_t sg_client_derive(const sg_client *client, uint32_t timeout_ms, sg_client **derived);
        void sg_client_free(sg_client *client);
        int32_t sg_client_update(const sg_client *client, bool enabled, const char *on_behalf_of, sg_result *result);
        int32_t sg_client_get(const sg_client *client, const char *on_behalf_of, sg_result *result);
        void sg_client_cancel(const sg_client *client);
        int32_t sg_client_update_many(const sg_client *client, bool enabled, const char *const *names, size_t count,
            void *on_result, void *context, sg_result *results);
        int32_t sg_client_get_many(const sg_client *client, const char *const *names, size_t count,
            void *on_result, void *context, sg_result *results);
        int32_t sg_client_list_subusers(const sg_client *client, sg_on_subuser on_subuser, void *context, sg_result *result);
        const char *sg_strerror(int32_t code);
        const char *sg_version(void);
        C;

    private const SIGPROCMASK = 'int sigprocmask(int how, const uint64_t *set, uint64_t *before);';

    private static ?\FFI $library = null;

    /** The library, with every function declared. */
    public static function library(): \FFI
    {
        if (self::$library === null) {
            $path = self::find();
            try {
                $version = \FFI::cdef('const char *sg_version(void);', $path)->sg_version();
                self::checkVersion($path, $version, self::NEEDED);
                self::$library = \FFI::cdef(self::DECLARATIONS, $path);
            } catch (\FFI\Exception $error) {
                $why = $error->getMessage();
                throw new LibraryNotLoadedException("$path is not the libsg_open_tracking that was meant: $why");
            }
        }
        return self::$library;
    }

    /**
     * An array of C strings, and the memory that they stand in.
     *
     * @param list<string> $texts
     * @return array{CData, CData}
     */
    public static function texts(array $texts): array
    {
        $all = implode("\0", $texts) . "\0";
        $memory = self::library()->new('char[' . strlen($all) . ']');
        \FFI::memcpy($memory, $all, strlen($all));
        $pointers = self::library()->new('const char *[' . count($texts) . ']');
        $at = 0;
        foreach ($texts as $index => $text) {
            $pointers[$index] = \FFI::addr($memory[$at]);
            $at += strlen($text) + 1;
        }
        return [$pointers, $memory];
    }

    /**
     * The one callback of this type, since PHP frees none before the script ends. It must do no more than keep what it is
     * given, and its call be made by `uninterrupted`: the library's frames can't be unwound.
     */
    public static function callback(string $type, \Closure $closure): CData
    {
        static $callbacks = [];
        if (!isset($callbacks[$type])) {
            $callbacks[$type] = self::library()->new("{$type}[1]");
            $callbacks[$type][0] = $closure;
        }
        return $callbacks[$type][0];
    }

    /** Makes a call that calls back. What might end the script in the callback waits: time limit and handlers of signals. */
    public static function uninterrupted(callable $call): mixed
    {
        $handled = function_exists('pcntl_async_signals') && pcntl_async_signals(false);
        $mask = self::blockTimers();
        try {
            return $call();
        } finally {
            if ($mask !== null) {
                \FFI::cdef(self::SIGPROCMASK)->sigprocmask(2, $mask, null); // SIG_SETMASK
            }
            if ($handled) {
                pcntl_async_signals(true);
                pcntl_signal_dispatch();
            }
        }
    }

    /** Holds back the signals by which PHP learns that its time is up. Returns the mask of before. */
    private static function blockTimers(): ?CData
    {
        if (PHP_OS_FAMILY !== 'Linux') {
            return null;
        }
        $libc = \FFI::cdef(self::SIGPROCMASK);
        [$blocked, $before] = [$libc->new('uint64_t[16]'), $libc->new('uint64_t[16]')]; // of the size of a sigset_t
        $blocked[0] = 1 << 26 | 1 << 33; // SIGPROF; of a PHP with threads, SIGRTMIN
        $libc->sigprocmask(0, $blocked, $before); // SIG_BLOCK
        return $before;
    }

    /** Throws what a bare code means; `$refusal` says it for a refused argument. */
    public static function check(int $code, string $refusal): void
    {
        if ($code !== Code::Ok->value) {
            $said = $code === Code::Argument->value ? $refusal : self::library()->sg_strerror($code);
            throw CallFailedException::of($said, $code);
        }
    }

    /**
     * Refuses a library that is older than the one that is needed, or of another major version.
     *
     * @param array{int, int} $needed
     */
    public static function checkVersion(string $path, string $version, array $needed): void
    {
        [$major, $minor] = array_map(intval(...), explode('.', $version));
        if ($major !== $needed[0] || $minor < $needed[1]) {
            $message = "$path is libsg_open_tracking $version, and this package needs $needed[0].$needed[1] or a later "
                . "$needed[0].x: install one, or set SG_OPEN_TRACKING_LIBRARY to its path";
            throw new LibraryNotLoadedException($message);
        }
    }

    /** The library that the environment names; else one beside this file; else the loader's. */
    private static function find(): string
    {
        $names = match (PHP_OS_FAMILY) {
            'Windows' => ['sg_open_tracking.dll', 'libsg_open_tracking.dll'],
            'Darwin' => ['libsg_open_tracking.1.dylib', 'libsg_open_tracking.dylib'],
            default => ['libsg_open_tracking.so.1', 'libsg_open_tracking.so'],
        };
        if (!extension_loaded('ffi')) {
            $message = "PHP's FFI extension is not loaded: install it, or set extension=ffi in php.ini";
            throw new LibraryNotLoadedException($message);
        }
        $beside = array_filter(array_map(fn (string $name) => __DIR__ . "/$name", $names), file_exists(...));
        $named = getenv('SG_OPEN_TRACKING_LIBRARY');
        $candidates = $named ? [$named] : [...$beside, ...$names];
        $failures = '';
        foreach ($candidates as $candidate) {
            try {
                \FFI::cdef('', $candidate);
                return $candidate;
            } catch (\FFI\Exception $error) {
                if (str_contains($error->getMessage(), 'restricted')) {
                    throw new LibraryNotLoadedException("PHP's FFI is restricted here ({$error->getMessage()}): have "
                        . "opcache.preload in php.ini name this package's preload.php, or set ffi.enable=1 there");
                }
                $failures .= "\n  $candidate: {$error->getMessage()}";
            }
        }
        $hint = 'install it, or set SG_OPEN_TRACKING_LIBRARY to its path';
        throw new LibraryNotLoadedException("libsg_open_tracking was not found: $hint. Tried:$failures");
    }
}
