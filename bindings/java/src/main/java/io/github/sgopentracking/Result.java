package io.github.sgopentracking;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/** A call that succeeded. Immutable. */
public final class Result {
    private final boolean enabled;
    private final int httpStatus;
    private final int attempts;
    private final Duration retryAfter; // may be null
    private final Duration elapsed;

    Result(NativeFunctions.SgResult result) {
        enabled = result.enabled();
        httpStatus = result.httpStatus();
        attempts = result.attempts();
        retryAfter = result.retryAfter();
        elapsed = result.elapsed();
    }

    /** What the server reported: is open tracking on? */
    public boolean enabled() {
        return enabled;
    }

    /** The HTTP status. */
    public int httpStatus() {
        return httpStatus;
    }

    /** Requests sent, the first included. */
    public int attempts() {
        return attempts;
    }

    /** The wait that the server asked for, if it did. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** What the call took, waits included. */
    public Duration elapsed() {
        return elapsed;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Result)) {
            return false;
        }
        Result that = (Result) other;
        return enabled == that.enabled
                && httpStatus == that.httpStatus
                && attempts == that.attempts
                && Objects.equals(retryAfter, that.retryAfter)
                && elapsed.equals(that.elapsed);
    }

    @Override
    public int hashCode() {
        return Objects.hash(enabled, httpStatus, attempts, retryAfter, elapsed);
    }

    @Override
    public String toString() {
        return "Result[enabled=" + enabled + ", httpStatus=" + httpStatus + ", attempts=" + attempts
                + ", retryAfter=" + retryAfter + ", elapsed=" + elapsed + "]";
    }
}
