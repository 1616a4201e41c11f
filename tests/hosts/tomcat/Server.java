import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

/** Tomcat with the application in a folder of its own, reloaded under load: twice, by the administrator. */
final class Server {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String[] QUERIES = {
        "name=subuser-00001", "name=subuser-00002&kind=async", "name=subuser-00003&kind=many", "name=fault-once-503",
        "name=fault-once-429", "name=fault-status-503", "name=subuser-00004", "name=nobody",
    };

    private Server() {}

    public static void main(String[] arguments) {
        int code = 1;
        try {
            run(arguments);
            code = 0;
        } catch (Throwable failed) {
            failed.printStackTrace();
        }
        System.exit(code); // without waiting for Tomcat's own threads
    }

    private static void run(String[] arguments) throws Exception {
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(arguments[0]);
        tomcat.setPort(0);
        tomcat.getHost().setAppBase(arguments[0]);
        Context context = tomcat.addWebapp("", Path.of(arguments[1]).toAbsolutePath().toString());
        tomcat.start();
        String url = "http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + "/?";
        load(url, 300, () -> false);
        long before = Process.residentKib();
        long descriptors = Process.descriptors();
        List<WeakReference<ClassLoader>> old = new ArrayList<>();
        for (int reload = 0; reload < 2; reload++) {
            old.add(new WeakReference<>(context.getLoader().getClassLoader()));
            reloadUnderLoad(context, url);
        }
        load(url, 400, () -> false);
        for (WeakReference<ClassLoader> loader : old) { // JNA's thread stays for 30 s after the last client's end
            await("the collection of a class loader", () -> {
                System.gc();
                return loader.get() == null;
            });
        }
        Process.check(threads("JNA Cleaner") <= 1, "JNA's threads of the old applications are there still");
        tomcat.getHost().removeChild(context);
        await("the end of the binding's threads", () -> threads("sg-open-tracking") == 0);
        long after = Process.residentKib();
        // Java goes on compiling, and keeps the room of two class loaders for the next.
        Process.check(after - before < 64 * 1024, "the resident set went from " + before + " to " + after + " KB");
        Process.check(Process.descriptors() <= descriptors, descriptors + " descriptors became " + Process.descriptors());
        Process.report("tomcat", before, after);
    }

    private static long threads(String name) {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith(name)).count();
    }

    private interface Holds {
        boolean now() throws Exception;
    }

    private static void await(String what, Holds holds) throws Exception {
        long end = System.nanoTime() + 60_000_000_000L;
        while (!holds.now()) {
            Process.check(System.nanoTime() < end, "it did not happen within 60 s: " + what);
            Thread.sleep(200);
        }
    }

    private static void reloadUnderLoad(Context context, String url) throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        Thread other = new Thread(() -> {
            try {
                load(url, Integer.MAX_VALUE, over::get);
            } catch (Exception failed) {
                throw new AssertionError(failed);
            }
        });
        other.start();
        for (String silent : new String[] {"name=fault-silent", "name=fault-silent&kind=async", "name=fault-silent&kind=many"}) {
            HTTP.sendAsync(HttpRequest.newBuilder(URI.create(url + silent)).build(), HttpResponse.BodyHandlers.ofString());
        }
        get(url + "name=fault-delay-200");
        context.reload();
        over.set(true);
        other.join();
        Process.check(get(url + "name=subuser-00001") == 200, "the reloaded application does not answer");
    }

    /** By 8 threads, until so many requests were made or it is over. */
    private static void load(String url, int count, java.util.function.BooleanSupplier over) throws InterruptedException {
        AtomicInteger number = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
            threads.add(new Thread(() -> {
                for (int next = number.getAndIncrement(); next < count && !over.getAsBoolean(); next = number.getAndIncrement()) {
                    long start = System.nanoTime();
                    int status = get(url + QUERIES[next % QUERIES.length]);
                    Process.count(System.nanoTime() - start, status == 200);
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** The status; 0 if the server would not talk. */
    private static int get(String url) {
        try {
            return HTTP.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString()).statusCode();
        } catch (IOException reloading) {
            return 0;
        } catch (InterruptedException never) {
            throw new AssertionError(never);
        }
    }
}
