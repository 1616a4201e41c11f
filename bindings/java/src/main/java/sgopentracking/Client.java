package sgopentracking;

import static sgopentracking.NativeFunctions.sg_client_cancel;
import static sgopentracking.NativeFunctions.sg_client_derive;
import static sgopentracking.NativeFunctions.sg_client_get;
import static sgopentracking.NativeFunctions.sg_client_get_many;
import static sgopentracking.NativeFunctions.sg_client_list_subusers;
import static sgopentracking.NativeFunctions.sg_client_new;
import static sgopentracking.NativeFunctions.sg_client_update;
import static sgopentracking.NativeFunctions.sg_client_update_many;
import static sgopentracking.NativeFunctions.sg_config_free;
import static sgopentracking.NativeFunctions.sg_config_new;

import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.PointerByReference;
import java.lang.ref.Cleaner;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;
import sgopentracking.NativeFunctions.OnResult;
import sgopentracking.NativeFunctions.OnSubuser;

/**
 * One key, one region, one pool of connections, for any number of threads.
 *
 * <p>Every call ends within the client's timeout. What goes wrong is thrown as an {@link OpenTrackingException}. Closing
 * a client cancels the calls that other threads have in it: they throw {@link OpenTrackingException.Cancelled}, and
 * later ones {@link OpenTrackingException.Closed}.
 */
public final class Client implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Handle handle;
    private final Region region;
    private final Cleaner.Cleanable forgotten;
    private final Set<Client> aside = new HashSet<>();
    private boolean cancelled;
    private volatile Runnable onCancel = () -> {};

    public Client(String key) {
        this(key, Region.GLOBAL);
    }

    public Client(String key, Region region) {
        this(key, region, new Options());
    }

    public Client(String key, Region region, Options options) {
        this(create(key, region, options), region);
    }

    private Client(Pointer pointer, Region region) {
        this.handle = new Handle(pointer);
        this.region = region;
        this.forgotten = CLEANER.register(this, handle);
    }

    private static Pointer create(String key, Region region, Options options) {
        PointerByReference client = new PointerByReference();
        Pointer config = sg_config_new();
        try {
            options.apply(config);
            int code = sg_client_new(Arguments.text("key", key), region.value(), config, client);
            Arguments.check(code, "key must be " + Arguments.KEY + "; " + OpenTracking.ENVIRONMENT);
        } finally {
            sg_config_free(config);
        }
        return client.getValue();
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
        byte[] name = Arguments.onBehalfOf(onBehalfOf);
        return call((client, result) -> sg_client_update(client, Arguments.flag(enabled), name, result));
    }

    /** Reads whether the account's open tracking is on. */
    public Result get() {
        return get(null);
    }

    /** Reads whether open tracking is on; {@code onBehalfOf} as for {@link #update(boolean, String)}. */
    public Result get(String onBehalfOf) {
        byte[] name = Arguments.onBehalfOf(onBehalfOf);
        return call((client, result) -> sg_client_get(client, name, result));
    }

    /** {@link #update(boolean)} in a thread of its own. Cancelling the future cuts off this call and no other. */
    public CompletableFuture<Result> updateAsync(boolean enabled) {
        return updateAsync(enabled, null);
    }

    /** {@link #update(boolean, String)} in a thread of its own, as {@link #updateAsync(boolean)}. */
    public CompletableFuture<Result> updateAsync(boolean enabled, String onBehalfOf) {
        return aside(call -> call.update(enabled, onBehalfOf));
    }

    /** {@link #get()} in a thread of its own. Cancelling the future cuts off this call and no other. */
    public CompletableFuture<Result> getAsync() {
        return getAsync(null);
    }

    /** {@link #get(String)} in a thread of its own, as {@link #getAsync()}. */
    public CompletableFuture<Result> getAsync(String onBehalfOf) {
        return aside(call -> call.get(onBehalfOf));
    }

    /**
     * Switches open tracking on or off for many accounts, up to {@code maxConnections} at once and as fast as the account's
     * rate limit allows. The stream gives an {@link Item} for each as it comes; one's failure stops no other.
     *
     * <p>The calls begin when the stream is first read, in another thread, and a slow reader slows them down. A stream that
     * is not read to its end must be closed, by try-with-resources: that cuts off the rest. It ends in an exception if
     * this client is cancelled ({@link OpenTrackingException.Cancelled}), or if the first three replies were all 401
     * ({@link OpenTrackingException.Unauthorized}): the rest is not sent then. The timeout is each item's own.
     */
    public Stream<Item> updateMany(boolean enabled, Collection<String> names) {
        return many(names, (client, texts, count, report) ->
                sg_client_update_many(client, Arguments.flag(enabled), texts, count, report, null, null));
    }

    /** Reads whether open tracking is on for many accounts, as {@link #updateMany}. */
    public Stream<Item> getMany(Collection<String> names) {
        return many(names, (client, texts, count, report) ->
                sg_client_get_many(client, texts, count, report, null, null));
    }

    /**
     * The usernames of the account's subusers, as its pages come; the stream is to be treated as that of
     * {@link #updateMany}. The key needs the scope {@code subusers.read}.
     */
    public Stream<String> listSubusers() {
        return Fleet.stream(this, (call, report) -> {
            OnSubuser onSubuser = (context, username) -> Arguments.flag(report.test(NativeFunctions.text(username)));
            call.call((client, result) -> sg_client_list_subusers(client, onSubuser, null, result));
        });
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
        PointerByReference derived = new PointerByReference();
        Pointer origin = handle.enter();
        try {
            Arguments.check(sg_client_derive(origin, milliseconds, derived), "timeout was refused");
        } finally {
            handle.leave();
        }
        return new Client(derived.getValue(), region);
    }

    /**
     * Cuts off this client's calls, those in flight and any later one, with {@link OpenTrackingException.Cancelled}. It
     * may be called from any thread and does not wait. Derived clients go on.
     */
    public void cancel() {
        try {
            Pointer pointer = handle.enter();
            try {
                sg_client_cancel(pointer);
            } finally {
                handle.leave();
            }
        } catch (OpenTrackingException.Closed alreadyOver) {
            // and its calls were cancelled then
        }
        List<Client> calls;
        synchronized (aside) {
            cancelled = true;
            calls = List.copyOf(aside);
        }
        calls.forEach(Client::cancel);
        onCancel.run();
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

    /** Has an action run by every cancel, also if there was one already. */
    void onCancel(Runnable action) {
        onCancel = action;
        boolean late;
        synchronized (aside) {
            late = cancelled;
        }
        if (late) {
            action.run();
        }
    }

    Handle handle() {
        return handle;
    }

    /** How many asynchronous calls have not ended yet. */
    int inFlight() {
        synchronized (aside) {
            return aside.size();
        }
    }

    private interface Call {
        int run(Pointer client, NativeFunctions.SgResult result);
    }

    private interface Many {
        int run(Pointer client, Pointer texts, NativeFunctions.Size count, OnResult onResult);
    }

    private Stream<Item> many(Collection<String> given, Many many) {
        String[] names = given.toArray(new String[0]);
        StringArray texts = Arguments.names(names);
        return Fleet.stream(this, (call, report) -> {
            OnResult onResult = (context, index, result) -> Arguments.flag(
                    report.test(
                    new Item(index.intValue(), names[index.intValue()], new NativeFunctions.SgResult(result))));
            Pointer client = call.handle.enter();
            int code;
            try {
                code = many.run(client, texts, new NativeFunctions.Size(names.length), onResult);
            } finally {
                call.handle.leave();
            }
            if (code != Code.PARTIAL.value()) { // which the items told
                Arguments.check(code, "names was refused");
            }
        });
    }

    private Result call(Call call) {
        NativeFunctions.SgResult result = new NativeFunctions.SgResult();
        Pointer pointer = handle.enter();
        try {
            call.run(pointer, result);
        } finally {
            handle.leave();
        }
        if (result.code != Code.OK.value()) {
            throw OpenTrackingException.of(result);
        }
        return new Result(result);
    }

    /** One asynchronous call, in a derived client. This client's cancel and close reach it. */
    <T> CompletableFuture<T> aside(Function<Client, T> function) {
        Client call = derive();
        boolean late;
        synchronized (aside) {
            aside.add(call);
            late = cancelled;
        }
        if (late) {
            call.cancel();
        }
        CompletableFuture<T> future = new CompletableFuture<>();
        future.whenComplete((value, error) -> call.cancel()); // whoever completed it: cancel(), orTimeout() ...
        OpenTracking.THREADS.execute(() -> {
            try (call) {
                future.complete(function.apply(call));
            } catch (Throwable error) {
                future.completeExceptionally(error);
            } finally {
                synchronized (aside) {
                    aside.remove(call);
                }
            }
        });
        return future;
    }
}
