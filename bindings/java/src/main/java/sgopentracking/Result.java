package sgopentracking;

import java.time.Duration;
import java.util.Optional;

/** A call that succeeded. Immutable. */
public final class Result {
    private final boolean enabled;
    private final int httpStatus;
    private final int attempts;
    private final Optional<Duration> retryAfter;
    private final Duration elapsed;

    Result(NativeFunctions.SgResult result) {
        enabled = result.enabled != 0;
        httpStatus = result.http_status;
        attempts = result.attempts;
        retryAfter = result.retryAfter();
        elapsed = result.elapsed();
    }

    /** What the server reported: is open tracking on? */
    public boolean enabled() {
        return enabled;
    }

    public int httpStatus() {
        return httpStatus;
    }

    /** Requests sent, the first included. */
    public int attempts() {
        return attempts;
    }

    /** The wait that the server asked for, if it did. */
    public Optional<Duration> retryAfter() {
        return retryAfter;
    }

    /** What the call took, waits included. */
    public Duration elapsed() {
        return elapsed;
    }

    @Override
    public String toString() {
        return "Result[enabled=" + enabled + ", httpStatus=" + httpStatus + ", attempts=" + attempts
                + ", retryAfter=" + retryAfter.map(Duration::toString).orElse("none") + ", elapsed=" + elapsed + "]";
    }
}
