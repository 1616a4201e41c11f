package io.github.sgopentracking;

import com.sun.jna.Callback;
import com.sun.jna.IntegerType;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The functions of the library, as {@link Library} binds them. They may be called only while it is in use there.
 *
 * <p>A C {@code bool} is a {@code byte} here: JNA makes an int of a {@code boolean}, -1 for true. A C string is a
 * {@code byte[]} that ends in a NUL, so that its encoding is UTF-8 whatever the platform's is. Results are arrays too:
 * JNA's own structures leave something behind in each thread that used them.
 */
final class NativeFunctions {
    private NativeFunctions() {}

    /** {@code sg_result}: 512 bytes, a layout that never changes. */
    static final class SgResult {
        static final int SIZE = 512;
        private static final int MESSAGE = 32;

        final byte[] bytes;
        private final ByteBuffer fields;

        SgResult() {
            this(new byte[SIZE]);
        }

        /** A copy of what is there. */
        SgResult(Pointer result) {
            this(result.getByteArray(0, SIZE));
        }

        private SgResult(byte[] bytes) {
            this.bytes = bytes;
            fields = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        }

        int code() {
            return fields.getInt(0);
        }

        int httpStatus() {
            return fields.getInt(4);
        }

        boolean enabled() {
            return bytes[8] != 0;
        }

        int attempts() {
            return fields.getInt(12);
        }

        /** Null if the server asked for no wait. */
        Duration retryAfter() {
            long milliseconds = fields.getLong(16);
            return milliseconds < 0 ? null : Duration.ofMillis(milliseconds);
        }

        Duration elapsed() {
            return Duration.ofNanos(fields.getLong(24) * 1000);
        }

        String message() {
            int end = MESSAGE;
            while (bytes[end] != 0) {
                end++;
            }
            return new String(bytes, MESSAGE, end - MESSAGE, StandardCharsets.UTF_8);
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

    /** {@code sg_on_log}. */
    interface OnLog extends Callback {
        void invoke(Pointer context, int level, Pointer line);
    }

    static native int sg_open_tracking_update(
            byte[] key, byte enabled, int region, byte[] onBehalfOf, byte[] reported);

    static native int sg_open_tracking_get(byte[] key, int region, byte[] onBehalfOf, byte[] reported);

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

    static native int sg_config_set_log(Pointer config, int level, Pointer onLog, Pointer context);

    static native int sg_client_new(byte[] key, int region, Pointer config, long[] client);

    static native int sg_client_derive(Pointer client, int timeoutMs, long[] derived);

    static native void sg_client_free(Pointer client);

    static native int sg_client_update(Pointer client, byte enabled, byte[] onBehalfOf, byte[] result);

    static native int sg_client_get(Pointer client, byte[] onBehalfOf, byte[] result);

    static native void sg_client_cancel(Pointer client);

    static native int sg_client_update_many(
            Pointer client, byte enabled, Pointer names, Size count, Pointer onResult, Pointer context, Pointer results);

    static native int sg_client_get_many(
            Pointer client, Pointer names, Size count, Pointer onResult, Pointer context, Pointer results);

    static native int sg_client_list_subusers(
            Pointer client, Pointer onSubuser, Pointer context, byte[] result);

    static native Pointer sg_strerror(int code);

    static native Pointer sg_version();

    static String text(Pointer string) {
        return string.getString(0, "UTF-8");
    }

    /** The pointer that a function wrote, of 4 or 8 bytes. */
    static Pointer pointer(long[] written) {
        return new Pointer(Native.POINTER_SIZE == 8 ? written[0] : first4Bytes(written[0]));
    }

    private static long first4Bytes(long written) {
        return (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? written : written >>> 32) & 0xFFFF_FFFFL;
    }
}
