package io.github.sgopentracking;

import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.ToIntFunction;

/**
 * The options of a {@link Client}, each at its default until it is set. A value is checked when a client is made, by an
 * {@link OpenTrackingException.Argument} that names the option and what it may be.
 */
public final class ClientOptions {
    /** An option's setter, and what it takes, to stand after "must be". */
    private static final class Setting {
        final ToIntFunction<Pointer> setter;
        final String allowed;

        Setting(ToIntFunction<Pointer> setter, String allowed) {
            this.setter = setter;
            this.allowed = allowed;
        }
    }

    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30); // the library's

    private Duration timeout = DEFAULT_TIMEOUT;
    private Threads threads = Threads.SHARED;
    private System.Logger logger;
    private final Map<String, Setting> settings = new LinkedHashMap<>();

    /** Every option at its default. */
    public ClientOptions() {}

    /** Bounds a whole call, retries and waits included; 30 seconds by default. */
    public ClientOptions timeout(Duration timeout) {
        this.timeout = Objects.requireNonNull(timeout, "timeout");
        return set("timeout", Arguments.DURATION, config ->
                NativeFunctions.sg_config_set_timeout_ms(config, Arguments.milliseconds("timeout", timeout)));
    }

    /** Bounds the part of it that connects; 10 seconds by default. */
    public ClientOptions connectTimeout(Duration timeout) {
        Objects.requireNonNull(timeout, "connectTimeout");
        return set("connectTimeout", Arguments.DURATION, config -> NativeFunctions.sg_config_set_connect_timeout_ms(
                config, Arguments.milliseconds("connectTimeout", timeout)));
    }

    /** For failures to connect, 429 and 5xx; 2 by default. */
    public ClientOptions maxRetries(long retries) {
        return set("maxRetries", Arguments.COUNT, config -> NativeFunctions.sg_config_set_max_retries(
                config, Arguments.count("maxRetries", retries, Arguments.COUNT)));
    }

    /** How many are kept open; 8 by default, 1 to 1024. */
    public ClientOptions maxConnections(long connections) {
        String allowed = "1 to 1024";
        return set("maxConnections", allowed, config -> NativeFunctions.sg_config_set_max_connections(
                config, Arguments.count("maxConnections", connections, allowed)));
    }

    /** Caps the client; 0, the default, leaves the pace to the server. */
    public ClientOptions requestsPerMinute(long requests) {
        return set("requestsPerMinute", Arguments.COUNT, config -> NativeFunctions.sg_config_set_requests_per_minute(
                config, Arguments.count("requestsPerMinute", requests, Arguments.COUNT)));
    }

    /** Another place for the service: https, or http on a loopback address. */
    public ClientOptions baseUrl(String url) {
        return set("baseUrl", "an https URL, or http on a loopback address", config ->
                NativeFunctions.sg_config_set_base_url(config, Arguments.text("baseUrl", url)));
    }

    /** The URL of a proxy; "" is none. Without it, what the environment says. */
    public ClientOptions proxy(String url) {
        return set("proxy", "the URL of a proxy, or \"\" for none", config ->
                NativeFunctions.sg_config_set_proxy(config, Arguments.text("proxy", url)));
    }

    /** A PEM file, which replaces the system's trust store. */
    public ClientOptions caFile(Path file) {
        return set("caFile", "a readable file of PEM certificates", config ->
                NativeFunctions.sg_config_set_ca_file(config, Arguments.text("caFile", file.toString())));
    }

    /** Appended to the library's own. */
    public ClientOptions userAgent(String product) {
        return set("userAgent", "1 to 256 characters of printable ASCII", config ->
                NativeFunctions.sg_config_set_user_agent(config, Arguments.text("userAgent", product)));
    }

    /**
     * How many asynchronous calls, and calls on virtual threads, run at once, 1 to 1024; any number may wait, which counts
     * against their timeout. Without it, all clients share {@value Threads#DEFAULT_LIMIT} threads; with it, this one and
     * those derived from it have threads of their own. They live while a client does, 5 seconds when idle.
     */
    public ClientOptions maxThreads(int threads) {
        if (threads < 1 || threads > 1024) {
            throw new OpenTrackingException.Argument("maxThreads must be 1 to 1024");
        }
        this.threads = new Threads(threads, null);
        return this;
    }

    /** What runs asynchronous calls, in place of {@link #maxThreads}: each takes one of its threads until it ends. */
    public ClientOptions executor(Executor executor) {
        this.threads = new Threads(Threads.DEFAULT_LIMIT, Objects.requireNonNull(executor, "executor"));
        return this;
    }

    /**
     * What is told of the calls, a line a message; none by default. Its level when a client is made counts for that client,
     * and for those derived from it. Messages come on the thread that makes the call: that of an asynchronous call, of a
     * call on a virtual thread and of a stream is not the caller's. What the logger throws is printed, and the call goes on.
     */
    public ClientOptions logger(System.Logger logger) {
        this.logger = Objects.requireNonNull(logger, "logger");
        return this;
    }

    Threads threads() {
        return threads;
    }

    int timeoutMs() {
        return Arguments.milliseconds("timeout", timeout);
    }

    private ClientOptions set(String name, String allowed, ToIntFunction<Pointer> setter) {
        settings.put(name, new Setting(setter, allowed));
        return this;
    }

    /** Sets all of them. Returns what the clients must hold on to; it may be null. */
    Log apply(Pointer config) {
        settings.forEach((name, setting) ->
                Arguments.check(setting.setter.applyAsInt(config), name + " must be " + setting.allowed));
        return logger == null ? null : Log.set(config, logger);
    }
}
