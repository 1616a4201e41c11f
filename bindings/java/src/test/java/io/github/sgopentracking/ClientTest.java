package io.github.sgopentracking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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
        ClientOptions options = Sandbox.options()
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
        ClientOptions options = Sandbox.options().timeout(Duration.ofMillis(500));
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
        ClientOptions options = Sandbox.options().maxConnections(1025);
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
        ExecutorService threads = Executors.newCachedThreadPool();
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
                }, threads));
            }
            client.get("fault-delay-10");
            CompletableFuture<Void> other = CompletableFuture.runAsync(client::close, threads);
            client.close();
            other.join();
            users.forEach(CompletableFuture::join);
        }
        threads.shutdown();
    }

    @Test
    void anInterruptEndsACall() throws InterruptedException {
        try (Client client = Sandbox.client()) {
            CompletableFuture<Boolean> stillInterrupted = new CompletableFuture<>();
            Thread caller = new Thread(() -> {
                try {
                    client.get("fault-silent");
                } catch (OpenTrackingException.Cancelled cutOff) {
                    stillInterrupted.complete(Thread.currentThread().isInterrupted());
                }
            });
            caller.start();
            client.get("fault-delay-100");
            assertEquals(1, client.inFlight());
            long start = System.nanoTime();
            caller.interrupt();
            assertTrue(stillInterrupted.join());
            assertTrue(System.nanoTime() - start < 1_000_000_000L, "it went on");
            caller.join();
            assertEquals(0, client.inFlight());
            assertEquals(200, client.get().httpStatus());
        }
    }

    @Test
    void anInterruptedThreadMakesNoCall() {
        try (Client client = Sandbox.client()) {
            Thread.currentThread().interrupt();
            OpenTrackingException error = assertThrows(OpenTrackingException.Cancelled.class, client::get);
            assertTrue(Thread.interrupted());
            assertEquals(0, error.attempts());
            assertEquals(200, client.get().httpStatus());
        }
    }

    /** A second owner would free what the first still uses. */
    @Test
    void aClientHasNoSecondOwner() {
        assertTrue(Modifier.isFinal(Client.class.getModifiers()));
        assertFalse(Cloneable.class.isAssignableFrom(Client.class));
        try (Client client = Sandbox.client()) {
            assertThrows(NotSerializableException.class, () ->
                    new ObjectOutputStream(new ByteArrayOutputStream()).writeObject(client));
        }
    }

    @Test
    void anErrorMayBeSerialized() throws Exception {
        try (Client client = Sandbox.client()) {
            OpenTrackingException error =
                    assertThrows(OpenTrackingException.NotApplied.class, () -> client.update(false, "fault-not-applied"));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            new ObjectOutputStream(bytes).writeObject(error);
            Object read = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
            assertEquals(error.toString(), read.toString());
            assertEquals(error.elapsed(), ((OpenTrackingException) read).elapsed());
        }
    }

    @Test
    void valuesAreEqualByWhatTheyHold() {
        NativeFunctions.SgResult good = new NativeFunctions.SgResult();
        NativeFunctions.SgResult other = new NativeFunctions.SgResult();
        other.bytes[8] = 1;
        NativeFunctions.SgResult bad = new NativeFunctions.SgResult();
        bad.bytes[0] = 23;
        List<Object> values = List.of(
                new Result(good), new Result(other), new Item(0, "a", good), new Item(1, "a", good),
                new Item(0, "b", good), new Item(0, "a", bad));
        List<Object> again = List.of(
                new Result(good), new Result(other), new Item(0, "a", good), new Item(1, "a", good),
                new Item(0, "b", good), new Item(0, "a", bad));
        for (int one = 0; one < values.size(); one++) {
            for (int two = 0; two < values.size(); two++) {
                assertEquals(one == two, values.get(one).equals(again.get(two)), values.get(one) + " " + again.get(two));
            }
            assertEquals(values.get(one).hashCode(), again.get(one).hashCode());
            assertEquals(values.get(one).toString(), again.get(one).toString());
        }
    }

    @Test
    void oneCallWithOptions() {
        ClientOptions options = Sandbox.options().timeout(Duration.ofMillis(300));
        for (boolean enabled : new boolean[] {false, true}) {
            assertEquals(enabled, OpenTracking.update(Sandbox.KEY, enabled, Region.GLOBAL, "subuser-00006", options));
            assertEquals(enabled, OpenTracking.get(Sandbox.KEY, Region.GLOBAL, "subuser-00006", options));
        }
        OpenTrackingException error = assertThrows(OpenTrackingException.NotFound.class, () ->
                OpenTracking.get(Sandbox.KEY, Region.GLOBAL, "nobody", options));
        assertEquals(404, error.httpStatus());
        assertThrows(OpenTrackingException.Timeout.class, () ->
                OpenTracking.get(Sandbox.KEY, Region.GLOBAL, "fault-silent", options));
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
