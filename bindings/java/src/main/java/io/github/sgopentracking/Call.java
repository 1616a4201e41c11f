package io.github.sgopentracking;

import com.sun.jna.Pointer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.util.function.ToIntFunction;

/**
 * One native call, in a native client of its own, so that it can be cut off without any other.
 *
 * <p>It is a channel for what the JDK does for channels alone: an interrupt of the thread that is in one closes it.
 */
final class Call extends AbstractInterruptibleChannel implements UnderWay {
    private final Client client;
    private final Handle handle;

    /** A call of this client; one with a timeout of its own, unless it is 0. */
    Call(Client client, int milliseconds) {
        this.client = client;
        this.handle = client.handle().derive(milliseconds, () -> {});
        client.begin(this);
    }

    /** Makes the call, once. Returns its code. */
    int run(ToIntFunction<Pointer> function) {
        Pointer pointer = handle.enter();
        begin();
        try {
            return function.applyAsInt(pointer);
        } finally {
            try {
                end(true);
            } catch (AsynchronousCloseException interrupted) {
                // which the thread's status goes on to say, and the code too
            }
            handle.leave();
            giveUp();
        }
    }

    /** Ends what holds the call, whether it was made or not. */
    void giveUp() {
        handle.close();
        client.end(this);
    }

    @Override
    public void cut() {
        handle.cancel();
    }

    @Override
    protected void implCloseChannel() {
        cut();
    }
}
