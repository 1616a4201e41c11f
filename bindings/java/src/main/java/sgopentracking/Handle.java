package sgopentracking;

import com.sun.jna.Pointer;

/** A native client, freed once it was given up and the last call in it has ended. */
final class Handle implements Runnable {
    private final Pointer pointer;
    private int calls;
    private boolean closed;

    Handle(Pointer pointer) {
        this.pointer = pointer;
    }

    /** The pointer, which is not freed until {@link #leave}. */
    synchronized Pointer enter() {
        if (closed) {
            throw new OpenTrackingException.Closed();
        }
        calls++;
        return pointer;
    }

    synchronized void leave() {
        calls--;
        freeIfUnused();
    }

    synchronized void close() {
        if (!closed) {
            closed = true;
            freeIfUnused();
        }
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** For the cleaner: a client that was only forgotten. */
    @Override
    public void run() {
        close();
    }

    private void freeIfUnused() {
        if (closed && calls == 0) {
            NativeFunctions.sg_client_free(pointer);
        }
    }
}
