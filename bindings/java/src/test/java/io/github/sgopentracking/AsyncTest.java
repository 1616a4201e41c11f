package io.github.sgopentracking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

    private static List<Thread> threadsOfOurs(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(name))
                .collect(Collectors.toList());
    }

    private static ClientOptions oneThread() {
        return Sandbox.options().maxThreads(1);
    }

    @Test
    void theThreadsAreBounded() {
        try (Client two = new Client(Sandbox.KEY, Region.GLOBAL, Sandbox.options().maxThreads(2))) {
            int before = threadsOfOurs("sg-open-tracking").size();
            List<CompletableFuture<Result>> calls = IntStream.range(0, 200)
                    .mapToObj(number -> two.getAsync("subuser-00001"))
                    .collect(Collectors.toList());
            assertTrue(threadsOfOurs("sg-open-tracking").size() <= before + 2);
            calls.forEach(call -> assertEquals(200, call.join().httpStatus()));
        }
    }

    @Test
    void clientsShareTheirThreadsUnlessTheyAskForTheirOwn() {
        try (Client other = Sandbox.client()) {
            List<CompletableFuture<Result>> calls = IntStream.range(0, 300)
                    .mapToObj(number -> (number % 2 == 0 ? client : other).getAsync("fault-delay-20"))
                    .collect(Collectors.toList());
            assertTrue(threadsOfOurs("sg-open-tracking").size() <= Threads.DEFAULT_LIMIT);
            calls.forEach(CompletableFuture::join);
        }
    }

    @Test
    void theWaitForAThreadCountsAgainstTheTimeout() {
        try (Client one = new Client(Sandbox.KEY, Region.GLOBAL, oneThread().timeout(Duration.ofMillis(400)))) {
            try (Client patient = one.derive(Duration.ofSeconds(10))) {
                CompletableFuture<Result> silent = patient.getAsync("fault-silent");
                long start = System.nanoTime();
                CompletionException error = assertThrows(CompletionException.class, one.getAsync()::join);
                assertInstanceOf(OpenTrackingException.Timeout.class, error.getCause());
                assertTrue(error.getCause().getMessage().contains("before a thread was free"), error.toString());
                Duration took = Duration.ofNanos(System.nanoTime() - start);
                assertTrue(took.toMillis() >= 399 && took.toMillis() < 4000, took.toString());
                silent.cancel(true);
            }
        }
        try (Client one = new Client(Sandbox.KEY, Region.GLOBAL, oneThread().timeout(Duration.ofSeconds(2)))) {
            CompletableFuture<Result> before = one.getAsync("fault-delay-1000");
            long start = System.nanoTime();
            CompletionException error = assertThrows(CompletionException.class, one.getAsync("fault-silent")::join);
            assertInstanceOf(OpenTrackingException.Timeout.class, error.getCause());
            assertTrue(System.nanoTime() - start < 2_900_000_000L, "it had its whole time again");
            assertEquals(200, before.join().httpStatus());
        }
    }

    @Test
    void whatWaitsForAThreadIsCutOffAtOnce() throws InterruptedException {
        try (Client one = new Client(Sandbox.KEY, Region.GLOBAL, oneThread())) {
            CompletableFuture<Result> silent = one.getAsync("fault-silent");
            CompletableFuture<Result> waiting = one.getAsync();
            assertTrue(waiting.cancel(true));
            assertEquals(CompletableFuture.class, waiting.getClass());
            CompletableFuture<Result> other = one.getAsync();
            one.cancel();
            CompletionException error = assertThrows(CompletionException.class, other::join);
            assertInstanceOf(OpenTrackingException.Cancelled.class, error.getCause());
            assertThrows(CompletionException.class, silent::join);
            Sandbox.await("the end of the native call", () -> one.inFlight() == 0);
        }
    }

    @Test
    void anExecutorTakesThePlaceOfTheThreads() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor(run -> new Thread(run, "the program's"));
        try (Client own = new Client(Sandbox.KEY, Region.GLOBAL, Sandbox.options().executor(executor))) {
            CompletableFuture<String> name = own.getAsync("fault-delay-100")
                    .thenApply(result -> Thread.currentThread().getName());
            assertEquals("the program's", name.join());
            executor.shutdown();
            CompletionException refused = assertThrows(CompletionException.class, own.getAsync()::join);
            assertInstanceOf(RejectedExecutionException.class, refused.getCause());
            Sandbox.await("the end", () -> own.inFlight() == 0);
        }
    }

    @Test
    void theThreadsEndWithTheLastClient() throws InterruptedException {
        Client own = new Client(Sandbox.KEY, Region.GLOBAL, Sandbox.options().maxThreads(3));
        Client derived = own.derive();
        own.close();
        CompletableFuture<Thread> used = derived.getAsync("fault-delay-50").thenApply(result -> Thread.currentThread());
        Thread thread = used.join();
        assertTrue(thread.isDaemon());
        assertEquals(ClassLoader.getSystemClassLoader(), thread.getContextClassLoader());
        derived.close();
        Sandbox.await("the end of the thread", () -> !thread.isAlive());
    }

    @Test
    void anImpossibleNumberOfThreadsIsRefused() {
        for (int number : new int[] {-1, 0, 1025}) {
            assertThrows(OpenTrackingException.Argument.class, () -> new ClientOptions().maxThreads(number));
        }
    }
}
