package io.github.sgopentracking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Callback;
import com.sun.jna.Native;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.ResourceBundle;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The log, by a logger of Java's. */
@Timeout(20)
class LogTest {
    private static Client client(System.Logger logger) {
        return new Client(Sandbox.KEY, Region.GLOBAL, Sandbox.options().maxRetries(1).logger(logger));
    }

    @ParameterizedTest
    @CsvSource({
        "OFF, ''",
        "ERROR, 'error end'",
        "WARNING, 'warn retry, error end'",
        "INFO, 'info end, warn retry, info end, error end'",
        "ALL, 'debug sent, debug reply, info end, debug sent, debug reply, warn retry, debug sent, debug reply,"
                + " info end, debug sent, debug reply, error end'",
    })
    void theLoggersLevelIsAskedFor(Level least, String events) {
        Lines lines = new Lines(least);
        try (Client client = client(lines)) {
            client.get();
            lines.forget();
            client.get("subuser-00001");
            client.get("fault-once-status-503-retry-after-0-" + least);
            assertThrows(OpenTrackingException.NotFound.class, () -> client.get("nobody"));
        }
        assertEquals(events, String.join(", ", lines.events()));
    }

    @Test
    void theLineIsTheMessage() {
        Lines lines = new Lines(Level.INFO);
        try (Client client = client(lines)) {
            client.get("subuser-00001");
        }
        String line = lines.all().get(0);
        assertTrue(line.startsWith("info event=end level=info call="), line);
        assertTrue(line.contains(" on_behalf_of=subuser-00001 code=SG_OK status=200 attempts=1 ms="), line);
    }

    @Test
    void theLineComesOnTheThreadOfTheCall() {
        List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
        Lines lines = new Lines(Level.INFO) {
            @Override
            public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
                threads.add(Thread.currentThread());
            }
        };
        try (Client client = client(lines)) {
            client.get();
            client.getAsync().join();
        }
        assertSame(Thread.currentThread(), threads.get(0));
        assertNotSame(Thread.currentThread(), threads.get(1));
    }

    @Test
    void everyCallOfAClientAndItsKinIsLogged() {
        Lines lines = new Lines(Level.INFO);
        Client client = client(lines);
        Client derived = client.derive();
        client.close();
        System.gc(); // which must not take what the library calls
        derived.get();
        derived.getAsync().join();
        derived.getMany(List.of("subuser-00001", "subuser-00002")).forEach(Item::get);
        derived.close();
        OpenTracking.get(Sandbox.KEY, Region.GLOBAL, "subuser-00003", Sandbox.options().logger(lines));
        assertEquals(5, Collections.frequency(lines.events(), "info end"), lines.all().toString());
    }

    @Test
    void aLoggerMayMakeCalls() {
        CompletableFuture<Result> inner = new CompletableFuture<>();
        try (Client other = Sandbox.client();
                Client client = client(new Lines(Level.INFO) {
                    @Override
                    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
                        inner.complete(other.get("subuser-00004"));
                    }
                })) {
            assertEquals(200, client.get().httpStatus());
            assertEquals(200, inner.join().httpStatus());
        }
    }

    @Test
    void whatALoggerThrowsBreaksNoCall() {
        List<Throwable> printed = Collections.synchronizedList(new ArrayList<>());
        Callback.UncaughtExceptionHandler before = Native.getCallbackExceptionHandler();
        Native.setCallbackExceptionHandler((callback, thrown) -> printed.add(thrown));
        try (Client client = client(new Lines(Level.INFO) {
            @Override
            public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
                throw new IllegalStateException("the disk is full");
            }
        })) {
            assertEquals(200, client.get().httpStatus());
            assertEquals(200, client.getAsync().join().httpStatus());
            assertEquals(2, client.getMany(List.of("subuser-00001", "subuser-00002")).map(Item::get).count());
        } finally {
            Native.setCallbackExceptionHandler(before);
        }
        assertTrue(printed.size() >= 4, printed.toString());
        printed.forEach(thrown -> assertEquals("the disk is full", thrown.getMessage()));
    }

    @Test
    void theKeyIsInNoLine() {
        Lines lines = new Lines(Level.ALL);
        try (Client client = client(lines)) {
            assertThrows(OpenTrackingException.Forbidden.class, () -> client.get("fault-echo-key"));
        }
        assertTrue(lines.all().toString().contains("[key]"), lines.all().toString());
        assertFalse(lines.all().toString().contains(Sandbox.KEY));
    }
}
