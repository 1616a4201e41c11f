package app;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;

/** Requests to the service, by 8 threads. */
final class Load {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String[] QUERIES = {
        "name=subuser-00001", "name=subuser-00002&kind=async", "name=subuser-00003&kind=many", "name=fault-once-503",
        "name=fault-once-429", "name=fault-status-503", "name=subuser-00004", "name=nobody",
    };

    private Load() {}

    private static HttpRequest request(String url) {
        return HttpRequest.newBuilder(URI.create(url)).build();
    }

    static void drive(String url, int count) throws InterruptedException {
        AtomicInteger number = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
            threads.add(new Thread(() -> {
                for (int next = number.getAndIncrement(); next < count; next = number.getAndIncrement()) {
                    long start = System.nanoTime();
                    try {
                        int status = HTTP.send(request(url + QUERIES[next % QUERIES.length]), HttpResponse.BodyHandlers.ofString())
                                .statusCode();
                        Process.count(System.nanoTime() - start, status == 200);
                    } catch (IOException | InterruptedException failed) {
                        throw new AssertionError(failed);
                    }
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** Spring closes the client: three calls that no reply would end are cut off, and the binding's threads end. */
    static void stopAmidCalls(ServletWebServerApplicationContext context) throws Exception {
        String url = "http://127.0.0.1:" + context.getWebServer().getPort() + "/?name=fault-silent&kind=";
        List<CompletableFuture<HttpResponse<String>>> silent = new ArrayList<>();
        for (String kind : new String[] {"one", "async", "many"}) {
            silent.add(HTTP.sendAsync(request(url + kind), HttpResponse.BodyHandlers.ofString()));
        }
        HTTP.send(request(url.replace("silent", "delay-200") + "one"), HttpResponse.BodyHandlers.ofString());
        context.getBean(io.github.sgopentracking.Client.class).close();
        for (CompletableFuture<HttpResponse<String>> call : silent) {
            Process.check(call.get().statusCode() == 502, "a call ended with " + call.get().statusCode());
        }
        context.close();
        long end = System.nanoTime() + 5_000_000_000L;
        while (Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> thread.getName().startsWith("sg-open"))) {
            Process.check(System.nanoTime() < end, "the binding's threads go on");
            Thread.sleep(10);
        }
    }
}
