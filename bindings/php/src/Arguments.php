<?php

declare(strict_types=1);

namespace SgOpenTracking;

use SgOpenTracking\Exception\InvalidArgumentException;

/**
 * From PHP's values to C's: what is refused here would otherwise be cut short, wrap around or be taken for something else
 * on the way.
 *
 * @internal
 */
final class Arguments
{
    private const UINT32_MAX = 0xFFFF_FFFF;

    public const KEY = '1 to 512 characters of visible ASCII, with no space';
    public const ON_BEHALF_OF = '1 to 256 characters of printable ASCII, with no space at either end';
    public const SECONDS = 'more than 0 and at most 4294967 seconds';
    public const COUNT = '0 to 4294967295';

    /** Each option's setter, how its value goes to C, and what the library takes, to stand after "must be". */
    public const OPTIONS = [
        'timeout' => ['sg_config_set_timeout_ms', 'milliseconds', self::SECONDS],
        'connectTimeout' => ['sg_config_set_connect_timeout_ms', 'milliseconds', self::SECONDS],
        'maxRetries' => ['sg_config_set_max_retries', 'count', self::COUNT],
        'maxConnections' => ['sg_config_set_max_connections', 'count', '1 to 1024'],
        'requestsPerMinute' => ['sg_config_set_requests_per_minute', 'count', self::COUNT],
        'baseUrl' => ['sg_config_set_base_url', 'text', 'an https URL, or http on a loopback address'],
        'proxy' => ['sg_config_set_proxy', 'text', 'the URL of a proxy, or "" for none'],
        'caFile' => ['sg_config_set_ca_file', 'text', 'a readable file of PEM certificates'],
        'userAgent' => ['sg_config_set_user_agent', 'text', '1 to 256 characters of printable ASCII'],
    ];

    public static function text(string $name, #[\SensitiveParameter] string $value): string
    {
        if (str_contains($value, "\0")) {
            throw new InvalidArgumentException("$name must not hold a NUL");
        }
        return $value;
    }

    public static function onBehalfOf(?string $value): ?string
    {
        return $value === null ? null : self::text('onBehalfOf', $value);
    }

    public static function milliseconds(string $name, float $seconds): int
    {
        if (!($seconds > 0 && $seconds <= self::UINT32_MAX / 1000)) { // a NAN too
            throw new InvalidArgumentException("$name must be " . self::SECONDS);
        }
        return max(1, (int) round($seconds * 1000));
    }

    public static function count(string $name, int $value): int
    {
        if ($value < 0 || $value > self::UINT32_MAX) {
            throw new InvalidArgumentException("$name must be " . self::OPTIONS[$name][2]);
        }
        return $value;
    }
}
