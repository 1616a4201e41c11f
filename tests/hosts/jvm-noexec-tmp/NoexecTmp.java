import io.github.sgopentracking.Client;
import io.github.sgopentracking.ClientOptions;
import io.github.sgopentracking.OpenTrackingException;
import io.github.sgopentracking.Region;
import java.nio.file.Path;
import java.util.List;

/** Prints what is wrong, twice if it is twice; else makes some calls. */
final class NoexecTmp {
    private NoexecTmp() {}

    public static void main(String[] arguments) throws Exception {
        ClientOptions options = new ClientOptions()
                .baseUrl(System.getenv("SANDBOX_URL"))
                .caFile(Path.of(System.getenv("SANDBOX_CA_FILE")))
                .proxy("")
                .maxRetries(1);
        try {
            new Client(System.getenv("SANDBOX_KEY"), Region.GLOBAL, options).close();
        } catch (UnsatisfiedLinkError first) {
            System.out.println(first.getMessage());
            try {
                new Client(System.getenv("SANDBOX_KEY"), Region.GLOBAL, options).close();
            } catch (UnsatisfiedLinkError second) {
                System.out.println("again: " + second.getMessage());
            }
            System.exit(1);
        }
        List<String> names = List.of("subuser-00001", "fault-once-503-" + System.nanoTime(), "nobody");
        long before = 0;
        try (Client client = new Client(System.getenv("SANDBOX_KEY"), Region.GLOBAL, options)) {
            for (int number = 0; number < 600; number++) {
                before = number == 300 ? Process.residentKib() : before;
                long start = System.nanoTime();
                boolean good = true;
                try {
                    client.get(names.get(number % names.size()));
                } catch (OpenTrackingException.NotFound nobody) {
                    good = false;
                }
                Process.count(System.nanoTime() - start, good);
            }
        }
        Process.report("jvm-noexec-tmp", before, Process.residentKib());
    }
}
