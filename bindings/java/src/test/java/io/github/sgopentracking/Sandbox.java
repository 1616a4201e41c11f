package io.github.sgopentracking;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** The sandbox that tests/conformance/run.sh started. */
final class Sandbox {
    static final String KEY = System.getenv("SANDBOX_KEY");

    private Sandbox() {}

    static ClientOptions options() {
        return new ClientOptions()
                .baseUrl(System.getenv("SANDBOX_URL"))
                .caFile(Path.of(System.getenv("SANDBOX_CA_FILE")))
                .proxy("")
                .maxRetries(0)
                .timeout(Duration.ofSeconds(10));
    }

    static Client client() {
        return new Client(KEY, Region.GLOBAL, options());
    }

    static void await(String what, BooleanSupplier holds) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("it did not happen within 5 s: " + what);
            }
            Thread.sleep(1);
        }
    }
}
