package sgopentracking;

import com.sun.jna.Callback;
import com.sun.jna.IntegerType;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.ByteByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The JNA layer: finds the library, checks its version and declares its functions.
 *
 * <p>A C {@code bool} is a {@code byte} here: JNA makes an int of a {@code boolean}, -1 for true. A C string is a
 * {@code byte[]} that ends in a NUL, so that its encoding is UTF-8 whatever the platform's is.
 */
final class NativeFunctions {
    /** The version of the library that this package was written for. */
    static final int WRITTEN_FOR_MAJOR = 1;
    static final int WRITTEN_FOR_MINOR = 0;

    private NativeFunctions() {}

    /** {@code sg_result}: 512 bytes, a layout that never changes. */
    @Structure.FieldOrder({
        "code", "http_status", "enabled", "reserved_", "attempts", "retry_after_ms", "elapsed_us", "message"
    })
    public static final class SgResult extends Structure {
        public int code;
        public int http_status;
        public byte enabled;
        public byte[] reserved_ = new byte[3];
        public int attempts;
        public long retry_after_ms;
        public long elapsed_us;
        public byte[] message = new byte[480];

        SgResult() {}

        /** A copy of what is there. */
        SgResult(Pointer result) {
            super(result);
            read();
        }

        String text() {
            return Native.toString(message, StandardCharsets.UTF_8);
        }

        Optional<Duration> retryAfter() {
            return retry_after_ms < 0 ? Optional.empty() : Optional.of(Duration.ofMillis(retry_after_ms));
        }

        Duration elapsed() {
            return Duration.ofNanos(elapsed_us * 1000);
        }
    }

    /** {@code size_t}. */
    public static final class Size extends IntegerType {
        private static final long serialVersionUID = 1;

        public Size() {
            this(0);
        }

        Size(long value) {
            super(Native.SIZE_T_SIZE, value, true);
        }
    }

    /** {@code sg_on_result}. */
    interface OnResult extends Callback {
        byte invoke(Pointer context, Size index, Pointer result);
    }

    /** {@code sg_on_subuser}. */
    interface OnSubuser extends Callback {
        byte invoke(Pointer context, Pointer username);
    }

    static native int sg_open_tracking_update(
            byte[] key, byte enabled, int region, byte[] onBehalfOf, ByteByReference reported);

    static native int sg_open_tracking_get(byte[] key, int region, byte[] onBehalfOf, ByteByReference reported);

    static native Pointer sg_config_new();

    static native void sg_config_free(Pointer config);

    static native int sg_config_set_timeout_ms(Pointer config, int ms);

    static native int sg_config_set_connect_timeout_ms(Pointer config, int ms);

    static native int sg_config_set_max_retries(Pointer config, int n);

    static native int sg_config_set_max_connections(Pointer config, int n);

    static native int sg_config_set_requests_per_minute(Pointer config, int n);

    static native int sg_config_set_base_url(Pointer config, byte[] url);

    static native int sg_config_set_proxy(Pointer config, byte[] url);

    static native int sg_config_set_ca_file(Pointer config, byte[] path);

    static native int sg_config_set_user_agent(Pointer config, byte[] product);

    static native int sg_client_new(byte[] key, int region, Pointer config, PointerByReference client);

    static native int sg_client_derive(Pointer client, int timeoutMs, PointerByReference derived);

    static native void sg_client_free(Pointer client);

    static native int sg_client_update(Pointer client, byte enabled, byte[] onBehalfOf, SgResult result);

    static native int sg_client_get(Pointer client, byte[] onBehalfOf, SgResult result);

    static native void sg_client_cancel(Pointer client);

    static native int sg_client_update_many(
            Pointer client, byte enabled, Pointer names, Size count, OnResult onResult, Pointer context, Pointer results);

    static native int sg_client_get_many(
            Pointer client, Pointer names, Size count, OnResult onResult, Pointer context, Pointer results);

    static native int sg_client_list_subusers(
            Pointer client, OnSubuser onSubuser, Pointer context, SgResult result);

    static native Pointer sg_strerror(int code);

    static native Pointer sg_version();

    static {
        NativeLibrary library = open();
        String version;
        try {
            version = library.getFunction("sg_version").invokePointer(new Object[0]).getString(0, "UTF-8");
        } catch (UnsatisfiedLinkError error) {
            throw new UnsatisfiedLinkError(
                    library.getFile() + " is not the libsg_open_tracking that was meant: " + error.getMessage());
        }
        checkVersion(version, WRITTEN_FOR_MAJOR, WRITTEN_FOR_MINOR);
        Native.register(NativeFunctions.class, library);
    }

    static String text(Pointer string) {
        return string.getString(0, "UTF-8");
    }

    /** Refuses a library of another major version; before 1.0, of another minor version. */
    static void checkVersion(String version, int major, int minor) {
        String[] parts = version.split("\\.");
        boolean fits = Integer.parseInt(parts[0]) == major && (major > 0 || Integer.parseInt(parts[1]) == minor);
        if (!fits) {
            throw new UnsatisfiedLinkError("libsg_open_tracking " + version
                    + " was found, and this package was written for " + major + "." + minor);
        }
    }

    /** The library that the environment names; else one beside this class or in its jar; else the loader's. */
    private static NativeLibrary open() {
        List<String> names = Platform.isWindows()
                ? List.of("sg_open_tracking.dll", "libsg_open_tracking.dll")
                : Platform.isMac()
                        ? List.of("libsg_open_tracking.1.dylib", "libsg_open_tracking.dylib")
                        : List.of("libsg_open_tracking.so.1", "libsg_open_tracking.so");
        String named = System.getenv("SG_OPEN_TRACKING_LIBRARY");
        List<String> candidates = new ArrayList<>();
        if (named != null && !named.isEmpty()) {
            candidates.add(new File(named).getAbsolutePath());
        } else {
            candidates.addAll(beside(names));
            candidates.addAll(inside(names.get(0)));
            candidates.addAll(names);
        }
        StringBuilder failures = new StringBuilder();
        for (String candidate : candidates) {
            try {
                return NativeLibrary.getInstance(candidate);
            } catch (UnsatisfiedLinkError error) {
                failures.append("\n  ").append(candidate).append(": ").append(error.getMessage().split("\n")[0]);
            }
        }
        throw new UnsatisfiedLinkError("libsg_open_tracking was not found: install it, or set"
                + " SG_OPEN_TRACKING_LIBRARY to its path. Tried:" + failures);
    }

    /** The library in the jar, for this platform, as JNA extracts it; else nothing. */
    private static List<String> inside(String name) {
        try {
            String resource = "/" + Platform.RESOURCE_PREFIX + "/" + name;
            return List.of(Native.extractFromResourcePath(resource, NativeFunctions.class.getClassLoader()).getPath());
        } catch (IOException notInside) {
            return List.of();
        }
    }

    /** Those of the names that exist in the directory of the jar, or of the classes. */
    private static List<String> beside(List<String> names) {
        List<String> found = new ArrayList<>();
        CodeSource source = NativeFunctions.class.getProtectionDomain().getCodeSource();
        try {
            File place = source == null ? null : new File(source.getLocation().toURI());
            for (String name : names) {
                File file = place == null ? null : new File(place.isFile() ? place.getParentFile() : place, name);
                if (file != null && file.exists()) {
                    found.add(file.getPath());
                }
            }
        } catch (URISyntaxException | IllegalArgumentException notAFile) {
            return found; // loaded from something that has no directory
        }
        return found;
    }
}
