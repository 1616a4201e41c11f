import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** For the hosts on the JVM: what this process has, what it did, and the line that says so. */
final class Process {
    private static final List<Long> TOOK = new ArrayList<>();
    private static final AtomicInteger FAILURES = new AtomicInteger();

    private Process() {}

    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    /** A request that took so many nanoseconds. */
    static void count(long took, boolean good) {
        synchronized (TOOK) {
            TOOK.add(took);
        }
        if (!good) {
            FAILURES.incrementAndGet();
        }
    }

    static long residentKib() throws IOException {
        System.gc();
        return status("VmRSS");
    }

    static long threads() throws IOException {
        return status("Threads");
    }

    static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private static long status(String name) throws IOException {
        Matcher line = Pattern.compile(name + ":\\s*(\\d+)").matcher(Files.readString(Path.of("/proc/self/status")));
        check(line.find(), "the kernel does not tell " + name);
        return Long.parseLong(line.group(1));
    }

    static void report(String host, long before, long after) {
        long[] took;
        synchronized (TOOK) {
            took = TOOK.stream().mapToLong(Long::longValue).sorted().toArray();
        }
        System.out.printf("%s %s: requests=%d failures=%d p99=%.1fms memory=%d..%dKB%n", host,
                System.getProperty("java.version"), took.length, FAILURES.get(), took[took.length * 99 / 100] / 1e6, before,
                after);
    }
}
