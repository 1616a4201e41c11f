package io.github.sgopentracking;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** One asynchronous call: it may have to wait for a thread, which counts against its timeout. */
final class Asynchronous<T> implements Runnable, UnderWay {
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private final Client client;
    private final Function<Call, T> function;
    private final long start = System.nanoTime();
    private volatile boolean begun;
    private volatile Call call;

    private Asynchronous(Client client, Function<Call, T> function) {
        this.client = client;
        this.function = function;
    }

    static <T> CompletableFuture<T> start(Client client, Threads threads, Function<Call, T> function) {
        Asynchronous<T> asynchronous = new Asynchronous<>(client, function);
        asynchronous.start(threads);
        return asynchronous.future;
    }

    private void start(Threads threads) {
        client.refuseIfClosed();
        future.whenComplete((value, error) -> ended()); // whoever completed it: cancel(), orTimeout() ...
        client.begin(this);
        try {
            if (!threads.execute(this)) {
                long left = TimeUnit.MILLISECONDS.toNanos(client.timeoutMs()) - (System.nanoTime() - start);
                Runnable forget = threads.after(left, this::expire);
                future.whenComplete((value, error) -> forget.run());
            }
        } catch (RejectedExecutionException refused) {
            future.completeExceptionally(refused);
        }
    }

    @Override
    public void run() {
        if (future.isDone()) {
            return;
        }
        begun = true;
        try {
            Call own = new Call(client, timeoutLeft());
            call = own;
            try {
                if (future.isDone()) {
                    own.cut();
                }
                future.complete(function.apply(own));
            } finally {
                own.giveUp();
            }
        } catch (OpenTrackingException.Closed since) {
            cutBeforeItBegan();
        } catch (Throwable error) {
            future.completeExceptionally(error);
        }
    }

    /** In milliseconds; 0 for that of the client, if it did not wait. */
    private int timeoutLeft() {
        long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        return waited == 0 ? 0 : (int) Math.max(1, client.timeoutMs() - waited);
    }

    private void expire() {
        if (!begun) {
            future.completeExceptionally(new OpenTrackingException.Timeout(
                    "the deadline of " + client.timeoutMs() + " ms passed before a thread was free for the call: allow"
                            + " more at once, by the options maxThreads or executor"));
        }
    }

    /** The client is cancelled or closed; a call that has begun is cut off by itself. */
    @Override
    public void cut() {
        if (!begun) {
            cutBeforeItBegan();
        }
    }

    private void cutBeforeItBegan() {
        future.completeExceptionally(
                new OpenTrackingException.Cancelled("the call was cancelled before a thread was free for it"));
    }

    private void ended() {
        client.end(this);
        Call own = call;
        if (own != null) {
            own.cut();
        }
    }
}
