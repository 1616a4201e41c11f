package sgopentracking;

import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What a native call reports by its callback, as a stream. The call runs in a thread of its own, so that nothing which a
 * reader throws can pass through native frames; a slow reader slows it down.
 */
final class Fleet<T> extends Spliterators.AbstractSpliterator<T> {
    /** Runs until its end, or until {@code report} answers false; throws what ended it early. */
    interface Call<T> {
        void run(Client call, Predicate<T> report);
    }

    /** How many reports may wait to be read. */
    private static final int AHEAD = 64;

    private static final class End {
        final RuntimeException error;

        End(RuntimeException error) {
            this.error = error;
        }
    }

    private final BlockingQueue<Object> reports = new ArrayBlockingQueue<>(AHEAD);
    private final Client client;
    private final Call<T> call;
    private CompletableFuture<Void> running;
    private volatile boolean stopped;
    private boolean ended;

    private Fleet(Client client, Call<T> call) {
        super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
        this.client = client;
        this.call = call;
    }

    /** A stream that starts the call when it is first read, and cuts it off when it is closed. */
    static <T> Stream<T> stream(Client client, Call<T> call) {
        Fleet<T> fleet = new Fleet<>(client, call);
        return StreamSupport.stream(fleet, false).onClose(fleet::stop);
    }

    @Override
    @SuppressWarnings("unchecked") // what is no End was reported as a T
    public boolean tryAdvance(Consumer<? super T> action) {
        if (running == null) {
            running = client.aside(this::run);
        }
        if (ended) {
            return false;
        }
        Object report = uninterrupted(reports::take);
        if (report instanceof End) {
            ended = true;
            if (((End) report).error != null) {
                throw ((End) report).error;
            }
            return false;
        }
        action.accept((T) report);
        return true;
    }

    private Void run(Client derived) {
        RuntimeException error = new IllegalStateException("the call's thread died");
        try {
            call.run(derived, report -> !stopped && put(report));
            error = null;
        } catch (RuntimeException thrown) {
            error = thrown;
        } finally {
            put(new End(error));
        }
        return null;
    }

    private boolean put(Object report) {
        uninterrupted(() -> {
            reports.put(report);
            return null;
        });
        return !stopped;
    }

    private void stop() {
        stopped = true;
        if (running != null) {
            running.cancel(false);
            while (!ended) { // makes room for what was under way, up to its end
                ended = uninterrupted(reports::take) instanceof End;
            }
        }
    }

    /** Waits whatever the thread is told meanwhile: the callback may not throw, and what is taken is not lost. */
    private static <R> R uninterrupted(Callable<R> wait) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return wait.call();
                } catch (InterruptedException again) {
                    interrupted = true;
                } catch (Exception never) {
                    throw new IllegalStateException(never);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
