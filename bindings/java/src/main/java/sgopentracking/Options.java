package sgopentracking;

import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToIntFunction;

/**
 * The options of a {@link Client}, each at its default until it is set. A value is checked when a client is made, by an
 * {@link OpenTrackingException.Argument} that names the option and what it may be.
 */
public final class Options {
    /** An option's setter, and what it takes, to stand after "must be". */
    private static final class Setting {
        final ToIntFunction<Pointer> setter;
        final String allowed;

        Setting(ToIntFunction<Pointer> setter, String allowed) {
            this.setter = setter;
            this.allowed = allowed;
        }
    }

    private final Map<String, Setting> settings = new LinkedHashMap<>();

    /** Bounds a whole call, retries and waits included; 30 seconds by default. */
    public Options timeout(Duration timeout) {
        Objects.requireNonNull(timeout, "timeout");
        return set("timeout", Arguments.DURATION, config ->
                NativeFunctions.sg_config_set_timeout_ms(config, Arguments.milliseconds("timeout", timeout)));
    }

    /** Bounds the part of it that connects; 10 seconds by default. */
    public Options connectTimeout(Duration timeout) {
        Objects.requireNonNull(timeout, "connectTimeout");
        return set("connectTimeout", Arguments.DURATION, config -> NativeFunctions.sg_config_set_connect_timeout_ms(
                config, Arguments.milliseconds("connectTimeout", timeout)));
    }

    /** For failures to connect, 429 and 5xx; 2 by default. */
    public Options maxRetries(long retries) {
        return set("maxRetries", Arguments.COUNT, config -> NativeFunctions.sg_config_set_max_retries(
                config, Arguments.count("maxRetries", retries, Arguments.COUNT)));
    }

    /** How many are kept open; 8 by default, 1 to 1024. */
    public Options maxConnections(long connections) {
        String allowed = "1 to 1024";
        return set("maxConnections", allowed, config -> NativeFunctions.sg_config_set_max_connections(
                config, Arguments.count("maxConnections", connections, allowed)));
    }

    /** Caps the client; 0, the default, leaves the pace to the server. */
    public Options requestsPerMinute(long requests) {
        return set("requestsPerMinute", Arguments.COUNT, config -> NativeFunctions.sg_config_set_requests_per_minute(
                config, Arguments.count("requestsPerMinute", requests, Arguments.COUNT)));
    }

    /** Another place for the service: https, or http on a loopback address. */
    public Options baseUrl(String url) {
        return set("baseUrl", "an https URL, or http on a loopback address", config ->
                NativeFunctions.sg_config_set_base_url(config, Arguments.text("baseUrl", url)));
    }

    /** The URL of a proxy; "" is none. Without it, what the environment says. */
    public Options proxy(String url) {
        return set("proxy", "the URL of a proxy, or \"\" for none", config ->
                NativeFunctions.sg_config_set_proxy(config, Arguments.text("proxy", url)));
    }

    /** A PEM file, which replaces the system's trust store. */
    public Options caFile(Path file) {
        return set("caFile", "a readable file of PEM certificates", config ->
                NativeFunctions.sg_config_set_ca_file(config, Arguments.text("caFile", file.toString())));
    }

    /** Appended to the library's own. */
    public Options userAgent(String product) {
        return set("userAgent", "1 to 256 characters of printable ASCII", config ->
                NativeFunctions.sg_config_set_user_agent(config, Arguments.text("userAgent", product)));
    }

    private Options set(String name, String allowed, ToIntFunction<Pointer> setter) {
        settings.put(name, new Setting(setter, allowed));
        return this;
    }

    void apply(Pointer config) {
        settings.forEach((name, setting) ->
                Arguments.check(setting.setter.applyAsInt(config), name + " must be " + setting.allowed));
    }
}
