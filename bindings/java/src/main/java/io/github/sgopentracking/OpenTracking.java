package io.github.sgopentracking;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Single calls with no set-up. Without options they share one pool of connections of the whole process, their exceptions
 * have a code and no details, and an interrupt does not end them. With options, asynchronous or on a virtual thread, a
 * call has a client and a connection of its own, details and all: for many calls, make a {@link Client}.
 */
public final class OpenTracking {
    static final String ENVIRONMENT = "SG_OPEN_TRACKING_BASE_URL, if set, what baseUrl may be";
    private static final String ONE_CALL =
            "key must be " + Arguments.KEY + "; onBehalfOf " + Arguments.ON_BEHALF_OF + "; " + ENVIRONMENT;

    private OpenTracking() {}

    /** One update; returns what the server reported. */
    public static boolean update(String key, boolean enabled) {
        return update(key, enabled, Region.GLOBAL, null);
    }

    /** One update; {@code onBehalfOf} as for {@link Client#update(boolean, String)}. */
    public static boolean update(String key, boolean enabled, Region region, String onBehalfOf) {
        if (Threads.isVirtual()) {
            return update(key, enabled, region, onBehalfOf, new ClientOptions());
        }
        return once(reported -> NativeFunctions.sg_open_tracking_update(
                Arguments.text("key", key),
                Arguments.flag(enabled),
                region.value(),
                Arguments.onBehalfOf(onBehalfOf),
                reported));
    }

    /** One update with options, and details in its exceptions. */
    public static boolean update(String key, boolean enabled, Region region, String onBehalfOf, ClientOptions options) {
        try (Client client = new Client(key, region, options)) {
            return client.update(enabled, onBehalfOf).enabled();
        }
    }

    /** One read. */
    public static boolean get(String key) {
        return get(key, Region.GLOBAL, null);
    }

    /** One read; {@code onBehalfOf} as for {@link Client#update(boolean, String)}. */
    public static boolean get(String key, Region region, String onBehalfOf) {
        if (Threads.isVirtual()) {
            return get(key, region, onBehalfOf, new ClientOptions());
        }
        return once(reported -> NativeFunctions.sg_open_tracking_get(
                Arguments.text("key", key), region.value(), Arguments.onBehalfOf(onBehalfOf), reported));
    }

    /** One read with options, and details in its exceptions. */
    public static boolean get(String key, Region region, String onBehalfOf, ClientOptions options) {
        try (Client client = new Client(key, region, options)) {
            return client.get(onBehalfOf).enabled();
        }
    }

    /** One update in another thread. Cancelling the future cuts the call off. */
    public static CompletableFuture<Boolean> updateAsync(
            String key, boolean enabled, Region region, String onBehalfOf) {
        return updateAsync(key, enabled, region, onBehalfOf, new ClientOptions());
    }

    /** The same with options. */
    public static CompletableFuture<Boolean> updateAsync(
            String key, boolean enabled, Region region, String onBehalfOf, ClientOptions options) {
        return onceAsync(new Client(key, region, options), client -> client.updateAsync(enabled, onBehalfOf));
    }

    /** One read in another thread. Cancelling the future cuts the call off. */
    public static CompletableFuture<Boolean> getAsync(String key, Region region, String onBehalfOf) {
        return getAsync(key, region, onBehalfOf, new ClientOptions());
    }

    /** The same with options. */
    public static CompletableFuture<Boolean> getAsync(
            String key, Region region, String onBehalfOf, ClientOptions options) {
        return onceAsync(new Client(key, region, options), client -> client.getAsync(onBehalfOf));
    }

    /** The version of the native library. */
    public static String libraryVersion() {
        Library.retain();
        try {
            return NativeFunctions.text(NativeFunctions.sg_version());
        } finally {
            Library.release();
        }
    }

    private interface Once {
        int run(byte[] reported);
    }

    private static boolean once(Once call) {
        byte[] reported = new byte[1];
        Library.retain();
        try {
            Arguments.check(call.run(reported), ONE_CALL);
        } finally {
            Library.release();
        }
        return reported[0] != 0;
    }

    private static CompletableFuture<Boolean> onceAsync(
            Client client, Function<Client, CompletableFuture<Result>> start) {
        CompletableFuture<Boolean> future = new CompletableFuture<>();
        future.whenComplete((value, error) -> client.close());
        try {
            start.apply(client).whenComplete((result, error) -> {
                if (error == null) {
                    future.complete(result.enabled());
                } else {
                    future.completeExceptionally(error);
                }
            });
        } catch (RuntimeException refused) {
            client.close();
            throw refused;
        }
        return future;
    }
}
