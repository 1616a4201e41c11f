<?php

declare(strict_types=1);

namespace SgOpenTracking;

/**
 * Single calls with no set-up. Without options they share one pool of connections, which a worker of php-fpm keeps from
 * request to request, and their exceptions have a code and no details. With options, which are those of `Client` by their
 * names, a call has a client of its own, details and all.
 */
final class OpenTracking
{
    /** @internal */
    public const ENVIRONMENT = 'SG_OPEN_TRACKING_BASE_URL, if set, what baseUrl may be';
    private const ONE_CALL =
        'key must be ' . Arguments::KEY . '; onBehalfOf ' . Arguments::ON_BEHALF_OF . '; ' . self::ENVIRONMENT;

    private function __construct()
    {
    }

    /** One update; returns what the server reported. The name as for `Client::update`. */
    public static function update(
        #[\SensitiveParameter] string $key,
        bool $enabled,
        Region $region = Region::Global,
        ?string $onBehalfOf = null,
        #[\SensitiveParameter] mixed ...$options,
    ): bool {
        if ($options) {
            return (new Client($key, $region, ...$options))->update($enabled, $onBehalfOf)->enabled;
        }
        $reported = Native::library()->new('bool');
        $code = Native::library()->sg_open_tracking_update(
            Arguments::text('key', $key),
            $enabled,
            $region->value,
            Arguments::onBehalfOf($onBehalfOf),
            \FFI::addr($reported),
        );
        Native::check($code, self::ONE_CALL);
        return $reported->cdata;
    }

    /** One read. */
    public static function get(
        #[\SensitiveParameter] string $key,
        Region $region = Region::Global,
        ?string $onBehalfOf = null,
        #[\SensitiveParameter] mixed ...$options,
    ): bool {
        if ($options) {
            return (new Client($key, $region, ...$options))->get($onBehalfOf)->enabled;
        }
        $reported = Native::library()->new('bool');
        $code = Native::library()->sg_open_tracking_get(
            Arguments::text('key', $key),
            $region->value,
            Arguments::onBehalfOf($onBehalfOf),
            \FFI::addr($reported),
        );
        Native::check($code, self::ONE_CALL);
        return $reported->cdata;
    }

    /** The version of the native library. */
    public static function libraryVersion(): string
    {
        return Native::library()->sg_version();
    }
}
