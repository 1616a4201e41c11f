package io.github.sgopentracking;

/** What a call ended with: {@code sg_code}, value for value. */
public enum Code {
    OK(0),
    ARGUMENT(1),
    CANCELLED(2),
    INTERNAL(3),
    PARTIAL(4),
    DNS(10),
    CONNECT(11),
    PROXY(12),
    TLS(13),
    TIMEOUT(14),
    IO(15),
    PROTOCOL(16),
    BAD_REQUEST(20),
    UNAUTHORIZED(21),
    FORBIDDEN(22),
    NOT_FOUND(23),
    RATE_LIMITED(24),
    SERVER(25),
    STATUS(26),
    NOT_APPLIED(27),
    /** One that the library knows and this package does not. */
    UNKNOWN(-1);

    private final int value;

    Code(int value) {
        this.value = value;
    }

    /** The number of the C header. */
    public int value() {
        return value;
    }

    static Code of(int value) {
        for (Code code : values()) {
            if (code.value == value) {
                return code;
            }
        }
        return UNKNOWN;
    }
}
