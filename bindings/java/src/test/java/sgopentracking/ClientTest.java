package sgopentracking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is Java's own in a client; the rest is in the conformance table. */
class ClientTest {
    @Test
    void aResultTellsAll() {
        try (Client client = Sandbox.client()) {
            Result result = client.update(false, "subuser-00005");
            assertFalse(result.enabled());
            assertEquals(200, result.httpStatus());
            assertEquals(1, result.attempts());
            assertEquals(Optional.empty(), result.retryAfter());
            assertTrue(result.elapsed().compareTo(Duration.ZERO) > 0);
            assertTrue(result.elapsed().compareTo(Duration.ofSeconds(10)) < 0);
            assertTrue(result.toString().startsWith("Result[enabled=false, httpStatus=200"), result.toString());
        }
    }

    @Test
    void everyOptionIsTaken() {
        Options options = Sandbox.options()
                .timeout(Duration.ofSeconds(5))
                .connectTimeout(Duration.ofMillis(2500))
                .maxRetries(1)
                .maxConnections(2)
                .requestsPerMinute(6000)
                .userAgent("tests/1");
        try (Client client = new Client(Sandbox.KEY, Region.GLOBAL, options)) {
            assertEquals(200, client.get().httpStatus());
        }
    }

    @Test
    void theEnvironmentServesForOptions() {
        try (Client client = new Client(Sandbox.KEY)) {
            assertEquals(200, client.get().httpStatus());
        }
    }

    @Test
    void anErrorTellsAll() {
        Options options = Sandbox.options().timeout(Duration.ofMillis(500));
        try (Client client = new Client(Sandbox.KEY, Region.GLOBAL, options)) {
            OpenTrackingException error = assertThrows(
                    OpenTrackingException.RateLimited.class, () -> client.get("fault-status-429-retry-after-1"));
            assertEquals(Optional.of(Duration.ofSeconds(1)), error.retryAfter());
            assertEquals(429, error.httpStatus());
            assertEquals(1, error.attempts());
            assertEquals(Optional.empty(), error.enabled());
            assertTrue(error.elapsed().compareTo(Duration.ZERO) > 0);
        }
    }

    @Test
    void onlyNotAppliedTellsWhatTheServerReported() {
        try (Client client = Sandbox.client()) {
            OpenTrackingException error = assertThrows(
                    OpenTrackingException.NotApplied.class, () -> client.update(false, "fault-not-applied"));
            assertEquals(Optional.of(true), error.enabled());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SG.secret \ud800", "SG.secret \0", "SG.secret with a space"})
    void aBadKeyIsRefusedAndNotShown(String key) {
        for (Runnable attempt : List.<Runnable>of(() -> new Client(key), () -> OpenTracking.get(key))) {
            OpenTrackingException error = assertThrows(OpenTrackingException.Argument.class, attempt::run);
            assertTrue(error.getMessage().startsWith("key must "), error.getMessage());
            assertFalse(error.toString().contains("secret"));
            assertNull(error.getCause());
        }
    }

    @Test
    void anOptionThatIsRefusedIsNamedWithItsRange() {
        Options options = Sandbox.options().maxConnections(1025);
        Exception error = assertThrows(
                OpenTrackingException.Argument.class, () -> new Client(Sandbox.KEY, Region.GLOBAL, options));
        assertEquals("maxConnections must be 1 to 1024", error.getMessage());
        error = assertThrows(OpenTrackingException.Argument.class, () -> {
            try (Client client = Sandbox.client()) {
                client.derive(Duration.ofMillis(-1));
            }
        });
        assertEquals("timeout must be more than 0 and at most 4294967295 ms", error.getMessage());
    }

    @Test
    void nullIsNoKey() {
        assertThrows(NullPointerException.class, () -> new Client(null));
    }

    @Test
    void toStringShowsTheRegionAndNoKey() {
        Client client = Sandbox.client();
        assertEquals("Client[region=GLOBAL]", client.toString());
        client.close();
        assertEquals("Client[region=GLOBAL, closed]", client.toString());
    }

    @Test
    void closeMayRaceWithCalls() throws Exception {
        for (int round = 0; round < 20; round++) {
            Client client = Sandbox.client();
            List<CompletableFuture<Void>> users = new ArrayList<>();
            for (int number = 0; number < 4; number++) {
                users.add(CompletableFuture.runAsync(() -> {
                    while (true) {
                        try {
                            client.get();
                        } catch (OpenTrackingException.Closed | OpenTrackingException.Cancelled over) {
                            return;
                        }
                    }
                }, OpenTracking.THREADS));
            }
            client.get("fault-delay-10");
            CompletableFuture<Void> other = CompletableFuture.runAsync(client::close, OpenTracking.THREADS);
            client.close();
            other.join();
            users.forEach(CompletableFuture::join);
        }
    }

    @Test
    void aForgottenClientIsFreed() throws InterruptedException {
        Handle handle = Sandbox.client().handle();
        assertFalse(handle.isClosed());
        Sandbox.await("the collection", () -> {
            System.gc();
            return handle.isClosed();
        });
    }
}
