package sgopentracking;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
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

    private final Client client;
    private final Call<T> call;
    private CompletableFuture<Void> running;

    // Guarded by this, on which each side waits for the other.
    private final Queue<T> reports = new ArrayDeque<>();
    private RuntimeException error;
    private boolean stopped;
    private boolean ended;

    private Fleet(Client client, Call<T> call) {
        super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
        this.client = client;
        this.call = call;
    }

    /** A stream that starts the call when it is first read, and cuts it off when it is closed. */
    static <T> Stream<T> stream(Client client, Call<T> call) {
        Fleet<T> fleet = new Fleet<>(client, call);
        return StreamSupport.stream(fleet, false).onClose(fleet::close);
    }

    @Override
    public boolean tryAdvance(Consumer<? super T> action) {
        if (running == null) {
            running = client.aside(this::run);
        }
        T report;
        synchronized (this) {
            await(() -> !reports.isEmpty() || ended);
            report = reports.poll();
            notifyAll();
            if (report == null && error != null) {
                throw error;
            }
        }
        if (report == null) {
            return false;
        }
        action.accept(report);
        return true;
    }

    private Void run(Client derived) {
        RuntimeException thrown = new IllegalStateException("the call's thread died");
        derived.onCancel(this::stop); // or it would wait for ever for a reader that has gone
        try {
            call.run(derived, this::report);
            thrown = null;
        } catch (RuntimeException early) {
            thrown = early;
        } finally {
            end(thrown);
        }
        return null;
    }

    private synchronized boolean report(T report) {
        await(() -> reports.size() < AHEAD || stopped);
        if (!stopped) {
            reports.add(report);
            notifyAll();
        }
        return !stopped;
    }

    private synchronized void end(RuntimeException thrown) {
        error = thrown;
        ended = true;
        notifyAll();
    }

    private synchronized void stop() {
        stopped = true;
        notifyAll();
    }

    private void close() {
        stop();
        if (running != null) {
            running.cancel(false);
            synchronized (this) {
                await(() -> ended);
            }
        }
    }

    /** Waits, whatever the thread is told meanwhile: native frames may be below. */
    private synchronized void await(BooleanSupplier holds) {
        boolean interrupted = false;
        while (!holds.getAsBoolean()) {
            try {
                wait();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
