package app;

import io.github.sgopentracking.Client;
import io.github.sgopentracking.ClientOptions;
import io.github.sgopentracking.OpenTrackingException;
import io.github.sgopentracking.Region;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** A service that asks for the setting of a subuser; and the load on it, a stop in the midst of it, and a second start. */
@SpringBootApplication
public class App {
    @Bean // which Spring closes
    Client client() {
        ClientOptions options = new ClientOptions()
                .baseUrl(System.getenv("SANDBOX_URL"))
                .caFile(Path.of(System.getenv("SANDBOX_CA_FILE")))
                .proxy("")
                .maxRetries(1)
                .timeout(Duration.ofSeconds(20));
        return new Client(System.getenv("SANDBOX_KEY"), Region.GLOBAL, options);
    }

    @RestController
    static class Settings {
        private final Client client;

        Settings(Client client) {
            this.client = client;
        }

        @GetMapping("/")
        ResponseEntity<String> get(@RequestParam String name, @RequestParam(defaultValue = "one") String kind) {
            try {
                boolean enabled = kind.equals("async")
                        ? client.getAsync(name).join().enabled()
                        : kind.equals("many")
                                ? client.getMany(List.of(name, name)).allMatch(item -> item.get().enabled())
                                : client.get(name).enabled();
                return ResponseEntity.ok(enabled ? "on" : "off");
            } catch (OpenTrackingException | CompletionException failed) {
                return ResponseEntity.status(502).body(failed.getMessage());
            }
        }
    }

    public static void main(String[] arguments) {
        int code = 1;
        try {
            long before = 0;
            for (int start = 0; start < 2; start++) {
                ServletWebServerApplicationContext context = (ServletWebServerApplicationContext)
                        new SpringApplicationBuilder(App.class).run("--server.port=0", "--spring.main.banner-mode=off");
                Load.drive("http://127.0.0.1:" + context.getWebServer().getPort() + "/?", 1_000);
                before = start == 0 ? Process.residentKib() : before;
                Load.stopAmidCalls(context);
            }
            Process.report("spring-boot", before, Process.residentKib());
            code = 0;
        } catch (Throwable failed) {
            failed.printStackTrace();
        }
        System.exit(code);
    }
}
