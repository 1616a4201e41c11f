package sgopentracking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The asynchronous calls. What is cut off would go on for 10 s, and each test may take 5. */
@Timeout(5)
class AsyncTest {
    private Client client;

    @BeforeEach
    void open() {
        client = Sandbox.client();
    }

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void roundTrip() {
        for (boolean enabled : new boolean[] {false, true}) {
            assertEquals(enabled, client.updateAsync(enabled, "subuser-00009").join().enabled());
            assertEquals(enabled, client.getAsync("subuser-00009").join().enabled());
        }
    }

    @Test
    void errorsArrive() {
        CompletionException error =
                assertThrows(CompletionException.class, client.getAsync("fault-status-404")::join);
        assertInstanceOf(OpenTrackingException.NotFound.class, error.getCause());
    }

    @Test
    void cancellingTheFutureEndsItsCallAndNoOther() throws InterruptedException {
        CompletableFuture<Result> silent = client.getAsync("fault-silent");
        CompletableFuture<Result> other = client.getAsync("fault-delay-500");
        client.getAsync("fault-delay-100").join();
        assertTrue(silent.cancel(false));
        assertThrows(CancellationException.class, silent::join);
        assertFalse(other.isDone());
        assertEquals(200, other.join().httpStatus());
        Sandbox.await("the end of the native call", () -> client.inFlight() == 0);
    }

    @Test
    void orTimeoutEndsTheCall() throws InterruptedException {
        CompletableFuture<Result> silent = client.getAsync("fault-silent").orTimeout(100, TimeUnit.MILLISECONDS);
        CompletionException error = assertThrows(CompletionException.class, silent::join);
        assertInstanceOf(TimeoutException.class, error.getCause());
        Sandbox.await("the end of the native call", () -> client.inFlight() == 0);
    }

    @Test
    void theClientsCancelReachesItsAsynchronousCalls() {
        ends(Client::cancel, OpenTrackingException.Cancelled.class);
        CompletionException error = assertThrows(CompletionException.class, client.getAsync()::join);
        assertInstanceOf(OpenTrackingException.Cancelled.class, error.getCause());
    }

    @Test
    void theClientsCloseReachesItsAsynchronousCalls() {
        ends(Client::close, OpenTrackingException.Cancelled.class);
        assertThrows(OpenTrackingException.Closed.class, client::getAsync);
    }

    private void ends(Consumer<Client> end, Class<?> error) {
        CompletableFuture<Result> silent = client.getAsync("fault-silent");
        client.getAsync("fault-delay-100").join();
        end.accept(client);
        assertInstanceOf(error, assertThrows(CompletionException.class, silent::join).getCause());
    }

    @Test
    void oneCall() {
        for (boolean enabled : new boolean[] {false, true}) {
            assertEquals(enabled, OpenTracking.updateAsync(Sandbox.KEY, enabled, Region.GLOBAL, "subuser-00011").join());
            assertEquals(enabled, OpenTracking.getAsync(Sandbox.KEY, Region.GLOBAL, "subuser-00011").join());
        }
        CompletionException error = assertThrows(
                CompletionException.class, OpenTracking.getAsync("SG.wrong", Region.GLOBAL, null)::join);
        assertInstanceOf(OpenTrackingException.Unauthorized.class, error.getCause());
        CompletableFuture<Boolean> silent = OpenTracking.getAsync(Sandbox.KEY, Region.GLOBAL, "fault-silent");
        silent.cancel(false);
        assertThrows(CancellationException.class, silent::join);
    }
}
