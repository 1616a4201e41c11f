<?php

declare(strict_types=1);

namespace SgOpenTracking;

use FFI\CData;
use SgOpenTracking\Exception\InvalidArgumentException;

/**
 * Hands the library's log over to a PSR-3 logger, when the call is over that it is of.
 *
 * @internal
 */
final class Log
{
    /** By the library's numbers: the names of PSR-3, and the numbers of Monolog. */
    private const LEVELS = [4 => ['debug', 100], 3 => ['info', 200], 2 => ['warning', 300], 1 => ['error', 400]];

    /** @var list<array{int, string}> level and line of what the call under way has said */
    private static array $said = [];

    private function __construct(private readonly object $logger, private readonly int $level)
    {
    }

    /** What the logger takes is asked where it can be, as Monolog can. Null if that is nothing. */
    public static function to(object $logger): ?self
    {
        if (!method_exists($logger, 'log')) {
            throw new InvalidArgumentException('logger must have the method log() of PSR-3');
        }
        foreach (self::LEVELS as $level => [, $monologs]) {
            if (!method_exists($logger, 'isHandling') || $logger->isHandling($monologs)) {
                return new self($logger, $level);
            }
        }
        return null;
    }

    /** For all clients that are made with these options. */
    public function attach(CData $config): void
    {
        $onLog = Native::callback('sg_on_log', static function (?CData $context, int $level, string $line): void {
            self::$said[] = [$level, $line];
        });
        Native::check(Native::library()->sg_config_set_log($config, $this->level, $onLog, null), 'logger was refused');
    }

    /** Makes a call and hands its lines over. What the logger throws is left out, for the call is done. */
    public function of(callable $call): mixed
    {
        try {
            return Native::uninterrupted($call);
        } finally {
            [$said, self::$said] = [self::$said, []];
            foreach ($said as [$level, $line]) {
                try {
                    $this->logger->log(self::LEVELS[$level][0], $line, self::fields($line));
                } catch (\Throwable) {
                }
            }
        }
    }

    /**
     * What stands in a line of logfmt: `name=value name="another value"`.
     *
     * @return array<string, string>
     */
    private static function fields(string $line): array
    {
        preg_match_all('/(\w+)=("(?:[^"\\\\]|\\\\.)*"|\S*)/', $line, $found);
        $values = array_map(fn (string $value) => str_starts_with($value, '"') ? json_decode($value) : $value, $found[2]);
        return array_combine($found[1], $values);
    }
}
