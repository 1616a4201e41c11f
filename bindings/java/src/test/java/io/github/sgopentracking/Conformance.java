package io.github.sgopentracking;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs tests/conformance/cases.json, and the scenarios that its README names, on this package. */
public final class Conformance {
    /** What a call that was cut off may take; on its own it would take 30 seconds. */
    private static final Duration BOUNDED = Duration.ofSeconds(5);

    private interface Scenario {
        void run() throws Exception;
    }

    private Conformance() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, String> outcomes = new LinkedHashMap<>(); // by name: what was wrong, or null
        JsonArray cases = JsonParser.parseString(Files.readString(Path.of(System.getenv("CONFORMANCE_CASES"))))
                .getAsJsonArray();
        for (JsonElement element : cases) {
            JsonObject tried = element.getAsJsonObject();
            if (tried.has("scenario")) {
                outcomes.put(tried.get("name").getAsString(), wrongIn(() -> scenario(tried)));
                continue;
            }
            if (!tried.has("region") || tried.getAsJsonPrimitive("region").isString()) { // else no Region says it
                outcomes.put(tried.get("name").getAsString(), runCase(tried));
            }
        }
        Map<String, Scenario> scenarios = new LinkedHashMap<>();
        scenarios.put("cancel", Conformance::cancel);
        scenarios.put("close", Conformance::close);
        scenarios.put("derive", Conformance::derive);
        scenarios.put("threads", Conformance::threads);
        scenarios.put("asynchronous", Conformance::asynchronous);
        scenarios.put("fleet", Conformance::fleet);
        scenarios.put("memory", Conformance::memory);
        scenarios.put("constants", Conformance::constants);
        scenarios.put("secret", Conformance::secret);
        for (Map.Entry<String, Scenario> scenario : scenarios.entrySet()) {
            outcomes.put(scenario.getKey(), wrongIn(scenario.getValue()));
        }
        long failed = outcomes.values().stream().filter(wrong -> wrong != null).count();
        outcomes.forEach((name, wrong) -> {
            if (wrong != null) {
                System.out.println("FAILED " + name + ": " + wrong);
            }
        });
        System.out.println("java " + System.getProperty("java.version") + ": " + (outcomes.size() - failed)
                + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }

    /** Null, or what was wrong. */
    private static String wrongIn(Scenario scenario) {
        try {
            scenario.run();
            return null;
        } catch (Exception | AssertionError failure) {
            return failure.toString();
        }
    }

    private static void scenario(JsonObject tried) {
        String kind = tried.get("scenario").getAsString();
        switch (kind) {
            case "sequence": sequence(tried.get("sequence").getAsString()); break;
            case "log": log(tried); break;
            default: throw new AssertionError("the scenario " + kind + " is not known here");
        }
    }

    private static String resolved(String value) {
        return value.startsWith("$") ? System.getenv(value.substring(1)) : value;
    }

    private static String normal(String text) {
        return text.toLowerCase(Locale.ROOT).replace("_", "");
    }

    private static Client client(int timeoutMs) {
        JsonObject options = new JsonObject();
        options.addProperty("timeout_ms", timeoutMs);
        return client(Region.GLOBAL, resolved("$SANDBOX_KEY"), options);
    }

    private static Client client(Region region, String key, JsonObject given) {
        return new Client(key, region, options(region, given));
    }

    private static ClientOptions options(Region region, JsonObject given) {
        ClientOptions options = new ClientOptions()
                .baseUrl(System.getenv(region == Region.EU ? "SANDBOX_EU_URL" : "SANDBOX_URL"))
                .caFile(Path.of(System.getenv("SANDBOX_CA_FILE")))
                .proxy("")
                .timeout(Duration.ofSeconds(10))
                .maxRetries(0);
        for (Map.Entry<String, JsonElement> option : given.entrySet()) {
            JsonElement value = option.getValue();
            switch (option.getKey()) {
                case "timeout_ms": options.timeout(Duration.ofMillis(value.getAsLong())); break;
                case "connect_timeout_ms": options.connectTimeout(Duration.ofMillis(value.getAsLong())); break;
                case "max_retries": options.maxRetries(value.getAsLong()); break;
                case "max_connections": options.maxConnections(value.getAsLong()); break;
                case "requests_per_minute": options.requestsPerMinute(value.getAsLong()); break;
                case "base_url": options.baseUrl(value.getAsString()); break;
                case "proxy": options.proxy(value.getAsString()); break;
                case "ca_file": options.caFile(Path.of(resolved(value.getAsString()))); break;
                case "user_agent": options.userAgent(value.getAsString()); break;
                default: throw new AssertionError("the option " + option.getKey() + " is not known here");
            }
        }
        return options;
    }

    /** Null, or what was not as expected. */
    private static String runCase(JsonObject tried) {
        JsonObject expect = tried.getAsJsonObject("expect");
        Region region = tried.has("region") && tried.get("region").getAsString().equals("eu") ? Region.EU : Region.GLOBAL;
        String key = tried.has("key")
                ? resolved(tried.get("key").getAsString())
                : System.getenv(region == Region.EU ? "SANDBOX_EU_KEY" : "SANDBOX_KEY");
        String name = tried.has("on_behalf_of") ? tried.get("on_behalf_of").getAsString() : null;
        boolean enabled = tried.has("enabled") && tried.get("enabled").getAsBoolean();
        JsonObject options = tried.has("options") ? tried.getAsJsonObject("options") : new JsonObject();
        String call = tried.get("call").getAsString();
        Map<String, Object> seen = new TreeMap<>();
        String message = "";
        try {
            seen.put("code", "OK");
            if (call.equals("one_shot_update")) {
                seen.put("enabled", OpenTracking.update(key, enabled, region, name));
            } else if (call.equals("one_shot_get")) {
                seen.put("enabled", OpenTracking.get(key, region, name));
            } else {
                try (Client client = client(region, key, options)) {
                    if (call.equals("client_new")) {
                        return "a client was made";
                    }
                    Result result = call.equals("update") ? client.update(enabled, name) : client.get(name);
                    seen.put("enabled", result.enabled());
                    seen.put("http_status", result.httpStatus());
                    seen.put("attempts", result.attempts());
                }
            }
        } catch (OpenTrackingException exception) {
            message = exception.getMessage();
            seen.put("code", exception.code().name());
            seen.put("http_status", exception.httpStatus());
            seen.put("attempts", exception.attempts());
            exception.enabled().ifPresent(reported -> seen.put("enabled", reported));
            seen.put("retry_after_ms", exception.retryAfter().map(Duration::toMillis).orElse(-1L));
        }
        if (key.length() > 1 && message.contains(key)) {
            return "the message holds the key";
        }
        List<String> wrong = new ArrayList<>();
        for (String member : expect.keySet()) {
            String wanted = expect.get(member).getAsString();
            if (member.equals("message_part")) {
                if (!normal(message).contains(normal(wanted))) {
                    wrong.add("message: '" + message + "' without '" + wanted + "'");
                }
            } else if (!wanted.equals(String.valueOf(seen.get(member)))) {
                wrong.add(member + ": " + seen.get(member) + ", not " + wanted);
            }
        }
        if (!seen.get("code").equals("OK") && message.isEmpty()) {
            wrong.add("no message");
        }
        return wrong.isEmpty() ? null : String.join("; ", wrong);
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    /** Checks how a call ends; returns how long it took. */
    private static Duration endsIn(Code code, Runnable call) {
        long start = System.nanoTime();
        Code seen = Code.OK;
        try {
            call.run();
        } catch (OpenTrackingException exception) {
            seen = exception.code();
        }
        check(seen == code, "the call ended in " + seen + ", not in " + code);
        return Duration.ofNanos(System.nanoTime() - start);
    }

    /** A call that no reply would end is ended by {@code stop}, from another thread. */
    private static void inFlight(Client client, Runnable stop) throws InterruptedException {
        inFlight(() -> client.get("fault-silent"), stop);
    }

    private static void inFlight(Runnable silent, Runnable stop) throws InterruptedException {
        try (Client other = client(10_000)) {
            Thread thread = new Thread(() -> {
                other.get("fault-delay-100");
                stop.run();
            });
            thread.start();
            Duration took = endsIn(Code.CANCELLED, silent);
            thread.join();
            check(took.compareTo(BOUNDED) < 0, "it took " + took);
        }
    }

    private static void cancel() throws InterruptedException {
        try (Client origin = client(30_000);
                Client derived = origin.derive()) {
            inFlight(derived, derived::cancel);
            endsIn(Code.CANCELLED, derived::get);
            origin.get();
        }
    }

    private static void close() throws InterruptedException {
        Client client = client(30_000);
        inFlight(client, client::close);
        client.close();
        client.cancel();
        endsIn(Code.ARGUMENT, client::get);
        endsIn(Code.ARGUMENT, () -> client.update(false));
        endsIn(Code.ARGUMENT, client::derive);
    }

    private static void derive() {
        Client origin = client(30_000);
        try (Client kept = origin.derive();
                Client hasty = origin.derive(Duration.ofMillis(150))) {
            Duration took = endsIn(Code.TIMEOUT, () -> hasty.get("fault-silent"));
            check(took.compareTo(BOUNDED) < 0, "it took " + took);
            origin.close();
            kept.get();
        }
    }

    private static void threads() {
        try (Client client = client(10_000)) {
            List<CompletableFuture<Void>> workers = new ArrayList<>();
            for (int number = 0; number < 8; number++) {
                String name = "subuser-0001" + number;
                CompletableFuture<Void> worker = new CompletableFuture<>();
                workers.add(worker);
                new Thread(() -> worker.completeAsync(
                                () -> {
                                    for (int turn = 0; turn < 25; turn++) {
                                        boolean enabled = turn % 2 == 0;
                                        check(client.update(enabled, name).enabled() == enabled, "the update");
                                        check(client.get(name).enabled() == enabled, "the reading");
                                    }
                                    return null;
                                },
                                Runnable::run))
                        .start();
            }
            workers.forEach(CompletableFuture::join);
        }
    }

    private static void asynchronous() throws InterruptedException {
        try (Client client = client(10_000)) {
            List<CompletableFuture<Result>> calls = new ArrayList<>();
            for (int number = 0; number < 4; number++) {
                calls.add(client.getAsync("fault-delay-200"));
            }
            check(calls.stream().noneMatch(CompletableFuture::isDone), "the calls did not return at once");
            calls.forEach(CompletableFuture::join);
            CompletableFuture<Result> silent = client.getAsync("fault-silent");
            client.getAsync("fault-delay-100").join();
            silent.cancel(true);
            try {
                silent.join();
                throw new AssertionError("the future was not cancelled");
            } catch (CancellationException expected) {
                // as it must be
            }
        }
    }

    private static void fleet() throws InterruptedException {
        List<String> subusers = new ArrayList<>();
        for (int number = 1; number <= 25; number++) {
            subusers.add(String.format("subuser-%05d", number));
        }
        List<String> names = new ArrayList<>(subusers);
        names.add("nobody");
        try (Client client = client(10_000);
                Client wrong = new Client("SG.wrong", Region.GLOBAL, new ClientOptions().proxy(""))) {
            check(client.listSubusers().sorted().collect(Collectors.toList()).equals(subusers), "the list holds others");
            Item[] updated = new Item[26];
            client.updateMany(false, names).forEach(item -> updated[item.index()] = item);
            for (int number = 0; number < 25; number++) {
                check(updated[number].name().equals(names.get(number)), "the update reports another");
                check(!updated[number].get().enabled(), "one is on");
            }
            endsIn(Code.NOT_FOUND, updated[25]::get);
            check(client.getMany(subusers).filter(item -> !item.get().enabled()).count() == 25, "one reads on");

            try (Stream<Item> items = client.getMany(Collections.nCopies(1_000, subusers.get(0)));
                    Stream<String> listed = client.listSubusers()) {
                check(items.iterator().next().error().isEmpty(), "the first failed");
                check(listed.iterator().next().startsWith("subuser-"), "the first is another");
            }
            endsIn(Code.UNAUTHORIZED, () -> wrong.updateMany(false, subusers.subList(0, 10)).count());
            inFlight(() -> client.getMany(List.of("fault-silent")).count(), client::cancel);
        }
    }

    /** The calls for many, given a sequence of this kind: each name that it gives is done once. */
    private static void sequence(String kind) {
        List<String> names = List.of("subuser-00001", "subuser-00002", "subuser-00001");
        Stream<String> thrice = Stream.iterate(0, number -> number + 1).map(number -> {
            if (number == 3) {
                throw new IllegalStateException("no fourth");
            }
            return names.get(number);
        });
        List<String> done = new ArrayList<>();
        try (Client client = client(10_000)) {
            switch (kind) {
                case "generator": client.getMany(names.stream()).forEach(item -> done.add(item.name())); break;
                case "repeated": client.getMany(names).forEach(item -> done.add(item.name())); break;
                case "set": client.getMany(Set.copyOf(names)).forEach(item -> done.add(item.name())); break;
                case "throws":
                    try (Stream<Item> items = client.getMany(thrice)) {
                        items.forEach(item -> done.add(item.name()));
                        throw new AssertionError("the error did not arrive");
                    } catch (IllegalStateException expected) {
                        break;
                    }
                case "endless":
                    try (Stream<Item> items = client.getMany(Stream.generate(() -> "subuser-00001"))) {
                        check(items.limit(3).allMatch(item -> item.result().isPresent()), "an item failed");
                    }
                    return;
                default: throw new AssertionError("the sequence " + kind + " is not known here");
            }
        }
        Collections.sort(done);
        List<String> wanted = new ArrayList<>(kind.equals("set") ? Set.copyOf(names) : names);
        Collections.sort(wanted);
        check(done.equals(wanted), done + ", not " + wanted);
    }

    /** What a logger is told of a call. */
    private static void log(JsonObject tried) {
        Lines lines = new Lines(System.Logger.Level.DEBUG);
        ClientOptions options = options(Region.GLOBAL, new JsonObject()).maxRetries(2).logger(lines);
        try (Client client = new Client(resolved("$SANDBOX_KEY"), Region.GLOBAL, options)) {
            client.get("subuser-00001");
            lines.forget();
            client.get(tried.get("on_behalf_of").getAsString());
        }
        List<String> wanted = new ArrayList<>();
        tried.getAsJsonArray("expect_log").forEach(line -> wanted.add(line.getAsString()));
        check(lines.forms().equals(wanted), lines.forms() + ", not " + wanted);
    }

    private static long residentKib() throws Exception {
        System.gc();
        Matcher line = Pattern.compile("VmRSS:\\s*(\\d+)").matcher(Files.readString(Path.of("/proc/self/status")));
        check(line.find(), "the kernel tells no resident set");
        return Long.parseLong(line.group(1));
    }

    private static void calls(Client client, int count) {
        for (int number = 0; number < count; number++) {
            if (number % 10 == 0) {
                endsIn(Code.ARGUMENT, () -> client.get("\n"));
            } else if (number % 10 == 1) {
                endsIn(Code.NOT_FOUND, () -> client.get("nobody"));
            } else if (number % 2 == 1) {
                client.update(number % 3 == 0);
            } else {
                try (Client derived = client.derive()) {
                    derived.get();
                }
            }
        }
    }

    private static void memory() throws Exception {
        try (Client client = client(10_000)) {
            calls(client, 10_000); // until then Java still compiles
            long before = residentKib();
            calls(client, 10_000);
            long grown = residentKib() - before;
            System.out.printf("  memory: %+d KiB over 10,000 calls%n", grown);
            check(grown < 2_048, grown + " KiB more");
        }
    }

    private static Map<String, Integer> named(String pattern) throws Exception {
        Map<String, Integer> named = new TreeMap<>();
        Matcher constant = Pattern.compile(pattern)
                .matcher(Files.readString(Path.of(System.getenv("CONFORMANCE_HEADER"))));
        while (constant.find()) {
            named.put(constant.group(1), Integer.valueOf(constant.group(2)));
        }
        return named;
    }

    private static void constants() throws Exception {
        Map<String, Integer> codes = new TreeMap<>();
        for (Code code : Code.values()) {
            if (code != Code.UNKNOWN) {
                codes.put(code.name(), code.value());
            }
        }
        Map<String, Integer> wanted = named("\\bSG_(?:ERR_)?(?!REGION_|LOG_)(\\w+) = (\\d+)");
        check(codes.equals(wanted), codes + ", not " + wanted);
        Map<String, Integer> regions = new TreeMap<>();
        for (Region region : Region.values()) {
            regions.put(region.name(), region.value());
        }
        check(regions.equals(named("\\bSG_REGION_(\\w+) = (\\d+)")), regions.toString());
    }

    private static void secret() {
        try (Client client = client(10_000)) {
            check(!client.toString().contains(System.getenv("SANDBOX_KEY")), "toString shows the key");
        }
    }
}
