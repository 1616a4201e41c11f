package io.github.sgopentracking;

import com.sun.jna.Pointer;

/** A native client, freed once it was given up and the last call in it has ended. */
final class Handle implements Runnable {
    private final Pointer pointer;
    private final Log log; // held for the native client, which knows its address alone
    private final Runnable onFree;
    private int calls;
    private boolean closed;
    private boolean freed;

    /** What it holds of {@link Library} was retained by its maker. {@code log} may be null. */
    Handle(Pointer pointer, Log log, Runnable onFree) {
        this.pointer = pointer;
        this.log = log;
        this.onFree = onFree;
    }

    /** A native client that shares all with this one but its timeout (0: that too) and its cancel. */
    Handle derive(int milliseconds, Runnable onFree) {
        long[] derived = new long[1];
        Pointer origin = enter();
        int code;
        try {
            code = NativeFunctions.sg_client_derive(origin, milliseconds, derived);
            Library.retain();
        } finally {
            leave();
        }
        if (code != Code.OK.value()) {
            Library.release();
            Arguments.check(code, "timeout was refused");
        }
        return new Handle(NativeFunctions.pointer(derived), log, onFree);
    }

    /** The pointer, which is not freed until {@link #leave}. */
    synchronized Pointer enter() {
        if (closed) {
            throw new OpenTrackingException.Closed();
        }
        calls++;
        return pointer;
    }

    void leave() {
        boolean free;
        synchronized (this) {
            calls--;
            free = mayBeFreed();
        }
        freeIf(free);
    }

    /** Ends its calls, and all later ones. */
    synchronized void cancel() {
        if (!freed) {
            NativeFunctions.sg_client_cancel(pointer);
        }
    }

    void close() {
        boolean free;
        synchronized (this) {
            closed = true;
            free = mayBeFreed();
        }
        freeIf(free);
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** For the cleaner: a client that was only forgotten. */
    @Override
    public void run() {
        close();
    }

    private boolean mayBeFreed() {
        boolean free = closed && calls == 0 && !freed;
        freed |= free;
        return free;
    }

    private void freeIf(boolean free) {
        if (free) {
            NativeFunctions.sg_client_free(pointer);
            onFree.run();
            Library.release();
        }
    }
}
