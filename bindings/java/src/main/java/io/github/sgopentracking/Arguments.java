package io.github.sgopentracking;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * From Java's values to C's: what is refused here would otherwise be cut short, wrap around or be taken for something
 * else on the way.
 */
final class Arguments {
    private static final long UINT32_MAX = 0xFFFF_FFFFL;

    static final String KEY = "1 to 512 characters of visible ASCII, with no space";
    static final String ON_BEHALF_OF = "1 to 256 characters of printable ASCII, with no space at either end";
    static final String DURATION = "more than 0 and at most " + UINT32_MAX + " ms";
    static final String COUNT = "0 to " + UINT32_MAX;

    private Arguments() {}

    static byte[] text(String name, String value) {
        Objects.requireNonNull(value, name + " must not be null");
        if (value.indexOf('\0') >= 0) {
            throw new OpenTrackingException.Argument(name + " must not hold a NUL");
        }
        ByteBuffer text;
        try {
            text = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
        } catch (CharacterCodingException lone) {
            throw new OpenTrackingException.Argument(name + " must be valid Unicode"); // its cause could show the key
        }
        byte[] terminated = new byte[text.remaining() + 1];
        text.get(terminated, 0, text.remaining());
        return terminated;
    }

    static byte[] onBehalfOf(String value) {
        return value == null ? null : text("onBehalfOf", value);
    }

    /** The names as C takes them: an array of pointers, with the texts behind it. */
    static Memory names(List<byte[]> names) {
        long texts = (long) names.size() * Native.POINTER_SIZE;
        Memory memory = new Memory(texts + names.stream().mapToLong(name -> name.length).sum());
        for (int index = 0; index < names.size(); index++) {
            byte[] name = names.get(index);
            memory.write(texts, name, 0, name.length);
            memory.setPointer((long) index * Native.POINTER_SIZE, memory.share(texts));
            texts += name.length;
        }
        return memory;
    }

    static byte flag(boolean value) {
        return (byte) (value ? 1 : 0);
    }

    static int milliseconds(String name, Duration value) {
        boolean fits = !value.isNegative()
                && !value.isZero()
                && value.compareTo(Duration.ofMillis(UINT32_MAX)) <= 0;
        if (!fits) {
            throw new OpenTrackingException.Argument(name + " must be " + DURATION);
        }
        return (int) Math.max(1, value.toMillis()); // as unsigned
    }

    static int count(String name, long value, String allowed) {
        if (value < 0 || value > UINT32_MAX) {
            throw new OpenTrackingException.Argument(name + " must be " + allowed);
        }
        return (int) value; // as unsigned
    }

    /** Throws what a bare code means; {@code refusal} says it for a refused argument. */
    static void check(int code, String refusal) {
        if (code == Code.ARGUMENT.value()) {
            throw new OpenTrackingException.Argument(refusal);
        }
        if (code != Code.OK.value()) {
            throw OpenTrackingException.of(code, Library.meaning(code));
        }
    }
}
