package sgopentracking;

import com.sun.jna.ptr.ByteByReference;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Single calls with no set-up. They share one pool of connections. Their exceptions have a code and no details: for
 * those, make a {@link Client}.
 */
public final class OpenTracking {
    static final String ENVIRONMENT = "SG_OPEN_TRACKING_BASE_URL, if set, what baseUrl may be";
    private static final String ONE_CALL =
            "key must be " + Arguments.KEY + "; onBehalfOf " + Arguments.ON_BEHALF_OF + "; " + ENVIRONMENT;

    /** For asynchronous calls: a thread each, kept for some seconds; they hold no program up. */
    static final ExecutorService THREADS =
            new ThreadPoolExecutor(0, Integer.MAX_VALUE, 5, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                Thread thread = new Thread(task, "sg-open-tracking");
                thread.setDaemon(true);
                return thread;
            });

    private OpenTracking() {}

    /** One update; returns what the server reported. */
    public static boolean update(String key, boolean enabled) {
        return update(key, enabled, Region.GLOBAL, null);
    }

    /** One update; {@code onBehalfOf} as for {@link Client#update(boolean, String)}. */
    public static boolean update(String key, boolean enabled, Region region, String onBehalfOf) {
        ByteByReference reported = new ByteByReference();
        int code = NativeFunctions.sg_open_tracking_update(
                Arguments.text("key", key),
                Arguments.flag(enabled),
                region.value(),
                Arguments.onBehalfOf(onBehalfOf),
                reported);
        Arguments.check(code, ONE_CALL);
        return reported.getValue() != 0;
    }

    /** One read. */
    public static boolean get(String key) {
        return get(key, Region.GLOBAL, null);
    }

    /** One read; {@code onBehalfOf} as for {@link Client#update(boolean, String)}. */
    public static boolean get(String key, Region region, String onBehalfOf) {
        ByteByReference reported = new ByteByReference();
        int code = NativeFunctions.sg_open_tracking_get(
                Arguments.text("key", key), region.value(), Arguments.onBehalfOf(onBehalfOf), reported);
        Arguments.check(code, ONE_CALL);
        return reported.getValue() != 0;
    }

    /**
     * One update in a thread of its own. Cancelling the future cuts the call off, for which it has a client and a
     * connection of its own: for many calls, make a {@link Client}.
     */
    public static CompletableFuture<Boolean> updateAsync(
            String key, boolean enabled, Region region, String onBehalfOf) {
        return once(key, region, client -> client.updateAsync(enabled, onBehalfOf));
    }

    /** One read in a thread of its own, as {@link #updateAsync}. */
    public static CompletableFuture<Boolean> getAsync(String key, Region region, String onBehalfOf) {
        return once(key, region, client -> client.getAsync(onBehalfOf));
    }

    /** The version of the native library. */
    public static String libraryVersion() {
        return NativeFunctions.text(NativeFunctions.sg_version());
    }

    private static CompletableFuture<Boolean> once(
            String key, Region region, Function<Client, CompletableFuture<Result>> start) {
        Client client = new Client(key, region);
        CompletableFuture<Boolean> future = new CompletableFuture<>();
        start.apply(client).whenComplete((result, error) -> {
            if (error == null) {
                future.complete(result.enabled());
            } else {
                future.completeExceptionally(error);
            }
        });
        future.whenComplete((value, error) -> client.close());
        return future;
    }
}
