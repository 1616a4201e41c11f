package io.github.sgopentracking;

import static io.github.sgopentracking.NativeFunctions.sg_client_get;
import static io.github.sgopentracking.NativeFunctions.sg_client_get_many;
import static io.github.sgopentracking.NativeFunctions.sg_client_list_subusers;
import static io.github.sgopentracking.NativeFunctions.sg_client_new;
import static io.github.sgopentracking.NativeFunctions.sg_client_update;
import static io.github.sgopentracking.NativeFunctions.sg_client_update_many;
import static io.github.sgopentracking.NativeFunctions.sg_config_free;
import static io.github.sgopentracking.NativeFunctions.sg_config_new;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.github.sgopentracking.NativeFunctions.OnResult;
import io.github.sgopentracking.NativeFunctions.OnSubuser;
import io.github.sgopentracking.NativeFunctions.SgResult;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * One key, one region, one pool of connections, for any number of threads.
 *
 * <p>Every call ends within the client's timeout. What goes wrong is thrown as an {@link OpenTrackingException}. Closing
 * a client cancels the calls that other threads have in it: they throw {@link OpenTrackingException.Cancelled}, and
 * later ones {@link OpenTrackingException.Closed}. An interrupt of the thread that is in a call, or reads a stream, cuts
 * off this one.
 *
 * <p>A call on a virtual thread is made by a platform thread, as an asynchronous one, so that its carrier is free.
 */
public final class Client implements AutoCloseable {
    private final Handle handle;
    private final Region region;
    private final int timeoutMs;
    private final Threads threads;
    private final Cleaner.Cleanable forgotten;
    private final Set<UnderWay> underWay = new HashSet<>(); // guards itself, and cancelled
    private boolean cancelled;

    /** A client of the global region, with the default options; it opens no connection yet. */
    public Client(String key) {
        this(key, Region.GLOBAL);
    }

    /** A client with the default options; it opens no connection yet. */
    public Client(String key, Region region) {
        this(key, region, new ClientOptions());
    }

    /** A client; it opens no connection yet. Options are copied. */
    public Client(String key, Region region, ClientOptions options) {
        this(region, options.timeoutMs(), options.threads(), onFree -> create(key, region, options, onFree));
    }

    private Client(Region region, int timeoutMs, Threads threads, Function<Runnable, Handle> maker) {
        this.handle = maker.apply(threads::release);
        threads.retain();
        this.region = region;
        this.timeoutMs = timeoutMs;
        this.threads = threads;
        this.forgotten = Library.CLEANER.register(this, handle);
    }

    private static Handle create(String key, Region region, ClientOptions options, Runnable onFree) {
        long[] client = new long[1];
        Log log;
        boolean made = false;
        Library.retain();
        try {
            Pointer config = sg_config_new();
            try {
                log = options.apply(config);
                int code = sg_client_new(Arguments.text("key", key), region.value(), config, client);
                Arguments.check(code, "key must be " + Arguments.KEY + "; " + OpenTracking.ENVIRONMENT);
            } finally {
                sg_config_free(config);
            }
            made = true;
        } finally {
            if (!made) {
                Library.release();
            }
        }
        return new Handle(NativeFunctions.pointer(client), log, onFree);
    }

    /** Switches the account's open tracking on or off. */
    public Result update(boolean enabled) {
        return update(enabled, null);
    }

    /**
     * Switches open tracking on or off.
     *
     * @param onBehalfOf a subuser's username, or {@code "account-id ID"} for a customer account; null for the account
     *     itself
     */
    public Result update(boolean enabled, String onBehalfOf) {
        return now(updating(enabled, onBehalfOf));
    }

    /** Reads whether the account's open tracking is on. */
    public Result get() {
        return get(null);
    }

    /** Reads whether open tracking is on; {@code onBehalfOf} as for {@link #update(boolean, String)}. */
    public Result get(String onBehalfOf) {
        return now(getting(onBehalfOf));
    }

    /** {@link #update(boolean)} in another thread. Cancelling the future cuts off this call and no other. */
    public CompletableFuture<Result> updateAsync(boolean enabled) {
        return updateAsync(enabled, null);
    }

    /**
     * {@link #update(boolean, String)} in another thread, as {@link #updateAsync(boolean)}. Which threads there are, the
     * options {@link ClientOptions#maxThreads} and {@link ClientOptions#executor} say.
     */
    public CompletableFuture<Result> updateAsync(boolean enabled, String onBehalfOf) {
        return Asynchronous.start(this, threads, updating(enabled, onBehalfOf));
    }

    /** {@link #get()} in another thread. Cancelling the future cuts off this call and no other. */
    public CompletableFuture<Result> getAsync() {
        return getAsync(null);
    }

    /** {@link #get(String)} in another thread, as {@link #updateAsync(boolean, String)}. */
    public CompletableFuture<Result> getAsync(String onBehalfOf) {
        return Asynchronous.start(this, threads, getting(onBehalfOf));
    }

    /**
     * Switches open tracking on or off for many accounts, up to {@code maxConnections} at once and as fast as the account's
     * rate limit allows. The stream gives an {@link Item} for each name as it comes; one's failure stops no other.
     *
     * <p>The names may be any sequence, an endless one too: it is read by the thread that reads the stream, in lots of up
     * to 1,000, each when the one before is done. What it throws is thrown by the stream, after the items of the names
     * that came before. A {@link java.util.Collection} is copied now, and refused if it holds a null or a name that is
     * not Unicode.
     *
     * <p>The calls begin when the stream is first read, in another thread, and a slow reader slows them down. A stream that
     * is not read to its end must be closed, by try-with-resources: that cuts off the rest. It ends in an exception if
     * this client is cancelled ({@link OpenTrackingException.Cancelled}), or if three replies in a row were 401
     * ({@link OpenTrackingException.Unauthorized}): the rest is not sent then. The timeout is each item's own.
     */
    public Stream<Item> updateMany(boolean enabled, Iterable<String> names) {
        return many(names, (client, texts, count, report) ->
                sg_client_update_many(client, Arguments.flag(enabled), texts, count, report, null, null));
    }

    /** The same for the names of a stream, such as {@link #listSubusers}, which is closed with the one returned. */
    public Stream<Item> updateMany(boolean enabled, Stream<String> names) {
        return updateMany(enabled, (Iterable<String>) names::iterator).onClose(names::close);
    }

    /** Reads whether open tracking is on for many accounts, as {@link #updateMany(boolean, Iterable)}. */
    public Stream<Item> getMany(Iterable<String> names) {
        return many(names, (client, texts, count, report) ->
                sg_client_get_many(client, texts, count, report, null, null));
    }

    /** The same for the names of a stream, as {@link #updateMany(boolean, Stream)}. */
    public Stream<Item> getMany(Stream<String> names) {
        return getMany((Iterable<String>) names::iterator).onClose(names::close);
    }

    /**
     * The usernames of the account's subusers, as its pages come; the stream is to be treated as that of
     * {@link #updateMany(boolean, Iterable)}. The key needs the scope {@code subusers.read}.
     */
    public Stream<String> listSubusers() {
        Fleet.Part<String> all = (call, report) -> {
            OnSubuser onSubuser = (context, username) -> Arguments.flag(report.test(NativeFunctions.text(username)));
            Pointer address = Library.address(onSubuser);
            try {
                make(call, (client, result) -> sg_client_list_subusers(client, address, null, result));
            } finally {
                Reference.reachabilityFence(onSubuser);
            }
        };
        return Fleet.stream(this, List.of(all).iterator());
    }

    /**
     * A client that shares this one's key and connections but has its own {@link #cancel} and its own {@link #close}. It
     * is cheap: make one for a single call.
     */
    public Client derive() {
        return derive(0);
    }

    /** The same, with a timeout of its own too. */
    public Client derive(Duration timeout) {
        return derive(Arguments.milliseconds("timeout", timeout));
    }

    private Client derive(int milliseconds) {
        int timeout = milliseconds == 0 ? timeoutMs : milliseconds;
        return new Client(region, timeout, threads, onFree -> handle.derive(milliseconds, onFree));
    }

    /**
     * Cuts off this client's calls, those in flight and any later one, with {@link OpenTrackingException.Cancelled}. It
     * may be called from any thread and does not wait. Derived clients go on.
     */
    public void cancel() {
        List<UnderWay> all;
        synchronized (underWay) {
            cancelled = true;
            all = List.copyOf(underWay);
        }
        all.forEach(UnderWay::cut);
    }

    /**
     * Cancels what is in flight and gives the client up. It does not wait: the last call to end frees what the client
     * held. Closing twice does no harm.
     */
    @Override
    public void close() {
        cancel();
        forgotten.clean();
    }

    @Override
    public String toString() {
        return "Client[region=" + region + (handle.isClosed() ? ", closed]" : "]");
    }

    Handle handle() {
        return handle;
    }

    long timeoutMs() {
        return Integer.toUnsignedLong(timeoutMs);
    }

    void refuseIfClosed() {
        if (handle.isClosed()) {
            throw new OpenTrackingException.Closed();
        }
    }

    /** Has something be cut off by a cancel, or at once if there was one already. */
    void begin(UnderWay begun) {
        boolean late;
        synchronized (underWay) {
            underWay.add(begun);
            late = cancelled;
        }
        if (late) {
            begun.cut();
        }
    }

    void end(UnderWay ended) {
        synchronized (underWay) {
            underWay.remove(ended);
        }
    }

    /** How much has not ended yet. */
    int inFlight() {
        synchronized (underWay) {
            return underWay.size();
        }
    }

    private interface One {
        int run(Pointer client, byte[] result);
    }

    private interface Many {
        int run(Pointer client, Pointer texts, NativeFunctions.Size count, Pointer onResult);
    }

    private static Function<Call, Result> updating(boolean enabled, String onBehalfOf) {
        byte[] name = Arguments.onBehalfOf(onBehalfOf);
        return call -> make(call, (client, result) -> sg_client_update(client, Arguments.flag(enabled), name, result));
    }

    private static Function<Call, Result> getting(String onBehalfOf) {
        byte[] name = Arguments.onBehalfOf(onBehalfOf);
        return call -> make(call, (client, result) -> sg_client_get(client, name, result));
    }

    private static Result make(Call call, One one) {
        SgResult result = new SgResult();
        call.run(client -> one.run(client, result.bytes));
        if (result.code() != Code.OK.value()) {
            throw OpenTrackingException.of(result);
        }
        return new Result(result);
    }

    /** Makes a call in this thread; if that is a virtual one, in another. */
    private Result now(Function<Call, Result> function) {
        return Threads.isVirtual()
                ? await(Asynchronous.start(this, threads, function))
                : function.apply(new Call(this, 0));
    }

    private static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get();
        } catch (InterruptedException interrupted) {
            future.cancel(false);
            Thread.currentThread().interrupt();
            throw new OpenTrackingException.Cancelled("the thread that made the call was interrupted");
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof Error) {
                throw (Error) failed.getCause();
            }
            throw (RuntimeException) failed.getCause(); // no other is thrown by a call
        }
    }

    private Stream<Item> many(Iterable<String> given, Many many) {
        Names names = new Names(given);
        return Fleet.stream(this, new Iterator<>() {
            @Override
            public boolean hasNext() {
                return names.hasNext();
            }

            @Override
            public Fleet.Part<Item> next() {
                return part(names.next(), many);
            }
        });
    }

    private static Fleet.Part<Item> part(Names.Lot lot, Many many) {
        return (call, report) -> {
            OnResult onResult = (context, index, result) -> {
                int number = index.intValue();
                return Arguments.flag(report.test(
                        new Item(lot.first + number, lot.names.get(number), new SgResult(result))));
            };
            int code;
            try (Memory texts = Arguments.names(lot.texts)) {
                Pointer address = Library.address(onResult);
                code = call.run(client -> many.run(client, texts, new NativeFunctions.Size(lot.names.size()), address));
            } finally {
                Reference.reachabilityFence(onResult);
            }
            if (code != Code.PARTIAL.value()) { // which the items told
                Arguments.check(code, "names was refused");
            }
        };
    }
}
