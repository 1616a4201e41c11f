package io.github.sgopentracking;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What native calls report by their callback, one call after the other, as a stream. They run in a thread of their own,
 * so that nothing which a reader throws can pass through native frames; a slow reader slows them down.
 */
final class Fleet<T> extends Spliterators.AbstractSpliterator<T> implements UnderWay {
    /** A native call that runs until its end, or until {@code report} answers false; throws what ended it early. */
    interface Part<T> {
        void run(Call call, Predicate<T> report);
    }

    /** How many reports may wait to be read. */
    private static final int AHEAD = 64;

    private final Client client;
    private final Iterator<Part<T>> parts; // each is asked for by the reader, when the one before has ended

    // Guarded by the lock, on whose condition each side waits for the other. No monitor: a virtual thread may wait.
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<T> reports = new ArrayDeque<>();
    private Call running;
    private RuntimeException error;
    private boolean stopped;

    private Fleet(Client client, Iterator<Part<T>> parts) {
        super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
        this.client = client;
        this.parts = parts;
    }

    /** A stream that starts the first call when it is first read, and cuts off what runs when it is closed. */
    static <T> Stream<T> stream(Client client, Iterator<Part<T>> parts) {
        client.refuseIfClosed();
        Fleet<T> fleet = new Fleet<>(client, parts);
        return StreamSupport.stream(fleet, false).onClose(fleet::close);
    }

    @Override
    public boolean tryAdvance(Consumer<? super T> action) {
        T report = next();
        while (report == null) {
            if (isStopped() || !parts.hasNext()) {
                return false;
            }
            start(parts.next());
            report = next();
        }
        action.accept(report);
        return true;
    }

    private boolean isStopped() {
        lock.lock();
        try {
            return stopped;
        } finally {
            lock.unlock();
        }
    }

    /** What was reported next; null once the call has ended. */
    private T next() {
        lock.lock();
        try {
            while (reports.isEmpty() && running != null) {
                changed.await();
            }
            T report = reports.poll();
            changed.signalAll();
            if (report == null && error != null) {
                stopped = true;
                throw error;
            }
            return report;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            cut();
            throw new OpenTrackingException.Cancelled("the thread that reads the stream was interrupted");
        } finally {
            lock.unlock();
        }
    }

    private void start(Part<T> part) {
        Call call = new Call(client, 0);
        lock.lock();
        try {
            running = call;
        } finally {
            lock.unlock();
        }
        client.begin(this); // or it would wait for ever for a reader that has gone
        Threads.thread(() -> run(part, call), "sg-open-tracking stream").start();
    }

    private void run(Part<T> part, Call call) {
        RuntimeException thrown = null;
        try {
            part.run(call, this::report);
        } catch (RuntimeException early) {
            thrown = early;
        } catch (Error bug) {
            thrown = new IllegalStateException("the call's thread died", bug);
        } finally {
            call.giveUp();
            client.end(this);
            end(thrown);
        }
    }

    private boolean report(T report) {
        lock.lock();
        try {
            while (reports.size() >= AHEAD && !stopped) {
                changed.awaitUninterruptibly(); // native frames are below
            }
            if (!stopped) {
                reports.add(report);
                changed.signalAll();
            }
            return !stopped;
        } finally {
            lock.unlock();
        }
    }

    private void end(RuntimeException thrown) {
        lock.lock();
        try {
            error = thrown;
            running = null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The client is cancelled or closed, or the reader has gone. */
    @Override
    public void cut() {
        lock.lock();
        try {
            stopped = true;
            changed.signalAll();
            if (running != null) {
                running.cut();
            }
        } finally {
            lock.unlock();
        }
    }

    private void close() {
        lock.lock();
        try {
            cut();
            while (running != null) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }
}
