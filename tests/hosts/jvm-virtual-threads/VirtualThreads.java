import io.github.sgopentracking.Client;
import io.github.sgopentracking.ClientOptions;
import io.github.sgopentracking.Item;
import io.github.sgopentracking.OpenTracking;
import io.github.sgopentracking.OpenTrackingException;
import io.github.sgopentracking.Region;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/** Synchronous calls on virtual threads, of which two run at once. */
final class VirtualThreads {
    private static final String KEY = System.getenv("SANDBOX_KEY");

    private VirtualThreads() {}

    private static ClientOptions options() {
        return new ClientOptions()
                .baseUrl(System.getenv("SANDBOX_URL"))
                .caFile(Path.of(System.getenv("SANDBOX_CA_FILE")))
                .proxy("")
                .timeout(Duration.ofSeconds(10));
    }

    /** As this is compiled for older JDKs too. */
    private static Thread start(Runnable run) {
        try {
            return (Thread) Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, run);
        } catch (ReflectiveOperationException noSuchThreads) {
            throw new AssertionError(noSuchThreads);
        }
    }

    /** Runs them all, each in a thread of its own, and waits for them; returns the milliseconds that it took. */
    private static long all(int count, Runnable run) throws InterruptedException {
        long start = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        AtomicInteger ended = new AtomicInteger();
        for (int number = 0; number < count; number++) {
            threads.add(start(() -> {
                run.run();
                ended.incrementAndGet();
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        Process.check(ended.get() == count, ended + " of " + count + " ended well");
        return (System.nanoTime() - start) / 1_000_000;
    }

    private static void timed(Runnable call) {
        long start = System.nanoTime();
        boolean good = false;
        try {
            call.run();
            good = true;
        } catch (OpenTrackingException expected) {
            // counted
        } finally {
            Process.count(System.nanoTime() - start, good);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Client client = new Client(KEY, Region.GLOBAL, options());
        all(100, client::get);
        carriersAreFree("16 calls", 16, () -> client.get("fault-delay-1000"));
        carriersAreFree("16 one-shot calls", 16, () -> OpenTracking.get(KEY, Region.GLOBAL, "fault-delay-1000"));
        carriersAreFree("4 readers of streams", 4, () -> {
            try (Stream<Item> items = client.getMany(List.of("fault-delay-1000"))) {
                Process.check(items.allMatch(item -> item.result().isPresent()), "an item failed");
            }
        });
        interrupts(client);
        load(client);
        long before = Process.residentKib();
        long descriptors = Process.descriptors();
        load(client);
        Process.check(Process.threads() < 64 + 40, "there are " + Process.threads() + " threads");
        long after = Process.residentKib();
        Process.check(after - before < 32 * 1024, "the resident set went from " + before + " to " + after + " KB");
        Process.check(Process.descriptors() <= descriptors + 8, "more descriptors: " + Process.descriptors());
        stopUnderLoad(client);
        Process.report("jvm-virtual-threads", before, after);
    }

    private static void carriersAreFree(String what, int count, Runnable call) throws InterruptedException {
        AtomicBoolean over = new AtomicBoolean();
        AtomicLong worst = new AtomicLong();
        Thread other = start(() -> {
            while (!over.get()) {
                long start = System.nanoTime();
                try {
                    Thread.sleep(10);
                } catch (InterruptedException never) {
                    throw new AssertionError(never);
                }
                worst.accumulateAndGet((System.nanoTime() - start) / 1_000_000, Math::max);
            }
        });
        long took = all(count, call);
        over.set(true);
        other.join();
        System.out.println("  " + what + " of 1 s took " + took + " ms; another thread was held up for " + worst + " ms");
        Process.check(took < 2_000, "they took " + took + " ms");
        Process.check(worst.get() < 500, "another virtual thread was held up for " + worst + " ms");
    }

    private static void interrupts(Client client) throws InterruptedException {
        AtomicBoolean cutOff = new AtomicBoolean();
        Thread thread = start(() -> {
            try {
                client.get("fault-silent");
            } catch (OpenTrackingException.Cancelled expected) {
                cutOff.set(Thread.currentThread().isInterrupted());
            }
        });
        client.get("fault-delay-100");
        long start = System.nanoTime();
        thread.interrupt();
        thread.join();
        Process.check(cutOff.get(), "an interrupt did not end the call");
        Process.check(System.nanoTime() - start < 1_000_000_000L, "it took its time");
    }

    private static void load(Client client) throws InterruptedException {
        List<String> names = List.of(
                "subuser-00001", "subuser-00002", "subuser-00003", "fault-once-503", "fault-once-429", "fault-status-503",
                "fault-close", "subuser-00004", "subuser-00005", "nobody");
        AtomicInteger number = new AtomicInteger();
        try (Client hasty = new Client(KEY, Region.GLOBAL, options().maxRetries(0).maxConnections(64))) {
            all(3_000, () -> timed(() -> hasty.get(names.get(number.getAndIncrement() % names.size()))));
        }
        all(20, () -> timed(() -> client.getMany(Collections.nCopies(20, "subuser-00001")).forEach(Item::get)));
    }

    private static void stopUnderLoad(Client client) throws InterruptedException {
        CountDownLatch first = new CountDownLatch(1);
        AtomicInteger cutOff = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < 500; number++) {
            threads.add(start(() -> {
                first.countDown();
                try {
                    client.get("fault-silent");
                } catch (OpenTrackingException.Cancelled | OpenTrackingException.Closed over) {
                    cutOff.incrementAndGet();
                }
            }));
        }
        first.await();
        long start = System.nanoTime();
        client.close();
        for (Thread thread : threads) {
            thread.join();
        }
        Process.check(cutOff.get() == 500, cutOff + " of 500 were cut off");
        Process.check(System.nanoTime() - start < 2_000_000_000L, "they took their time");
    }
}
