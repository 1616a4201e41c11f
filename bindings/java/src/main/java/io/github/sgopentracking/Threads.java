package io.github.sgopentracking;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads of asynchronous calls: a bounded number, which lives while a client does that uses them, or what an
 * {@link Executor} has.
 */
final class Threads {
    static final int DEFAULT_LIMIT = 64;

    /** Of all clients that ask for no others. */
    static final Threads SHARED = new Threads(DEFAULT_LIMIT, null);

    private static final int KEPT_SECONDS = 5;
    private static final MethodHandle IS_VIRTUAL = isVirtualOfThisJdk();

    private final int limit;
    private final Executor given;

    // Guarded by this.
    private int users;
    private ThreadPoolExecutor pool;
    private ScheduledThreadPoolExecutor timer;

    /** {@code given} takes the place of threads of its own; it may be null. */
    Threads(int limit, Executor given) {
        this.limit = limit;
        this.given = given;
    }

    int limit() {
        return limit;
    }

    synchronized void retain() {
        users++;
    }

    /** The last one ends the threads, once what they have under way has ended. */
    synchronized void release() {
        users--;
        if (users == 0) {
            if (pool != null) {
                pool.shutdown();
                pool = null;
            }
            if (timer != null) {
                timer.shutdownNow();
                timer = null;
            }
        }
    }

    /** Runs a task in a platform thread. False if it may have to wait for one. */
    boolean execute(Runnable task) {
        if (given == null) {
            return executeInPool(task);
        }
        given.execute(() -> {
            if (isVirtual()) {
                executeInPool(task); // the executor makes such threads, which a native call would pin
            } else {
                task.run();
            }
        });
        return false;
    }

    private synchronized boolean executeInPool(Runnable task) {
        if (users == 0) {
            throw new RejectedExecutionException("the client is closed");
        }
        if (pool == null) {
            pool = new ThreadPoolExecutor(
                    0, limit, KEPT_SECONDS, TimeUnit.SECONDS, new Waiting(), run -> thread(run, "sg-open-tracking"));
            pool.setRejectedExecutionHandler((rejected, all) -> ((Waiting) all.getQueue()).put(rejected));
        }
        pool.execute(task);
        return pool.getQueue().isEmpty();
    }

    /** Runs an action later, unless the clients have been closed by then. */
    synchronized Runnable after(long nanoseconds, Runnable action) {
        if (users == 0) {
            return () -> {};
        }
        if (timer == null) {
            timer = new ScheduledThreadPoolExecutor(1, run -> thread(run, "sg-open-tracking timer"));
            timer.setRemoveOnCancelPolicy(true);
        }
        var scheduled = timer.schedule(action, nanoseconds, TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }

    /** What waits for a thread: never offered while one can be started, for the pool would rather queue than start it. */
    private static final class Waiting extends LinkedTransferQueue<Runnable> {
        private static final long serialVersionUID = 1;

        @Override
        public boolean offer(Runnable task) {
            return tryTransfer(task); // to one that is idle
        }
    }

    /** A thread that holds no program up, and no class loader but this package's. */
    static Thread thread(Runnable run, String name) {
        Thread thread = new Thread(null, run, name, 0, false);
        thread.setDaemon(true);
        thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
        return thread;
    }

    /** Whether this is a virtual thread, whose carrier a native call would block. */
    static boolean isVirtual() {
        try {
            return IS_VIRTUAL != null && (boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** {@code Thread.isVirtual}, which came with JDK 21. */
    private static MethodHandle isVirtualOfThisJdk() {
        try {
            return MethodHandles.publicLookup()
                    .findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
        } catch (ReflectiveOperationException before) {
            return null;
        }
    }
}
