package sgopentracking;

import java.util.Optional;

/** What became of one subuser of {@link Client#updateMany} or {@link Client#getMany}. Immutable. */
public final class Item {
    private final String onBehalfOf;
    private final Result result;
    private final OpenTrackingException error;

    Item(String onBehalfOf, NativeFunctions.SgResult result) {
        boolean good = result.code == Code.OK.value();
        this.onBehalfOf = onBehalfOf;
        this.result = good ? new Result(result) : null;
        this.error = good ? null : OpenTrackingException.of(result);
    }

    public String onBehalfOf() {
        return onBehalfOf;
    }

    /** Empty if it failed. */
    public Optional<Result> result() {
        return Optional.ofNullable(result);
    }

    /** Why it failed; empty if it did not. */
    public Optional<OpenTrackingException> error() {
        return Optional.ofNullable(error);
    }

    /** The result; throws the error if it failed. */
    public Result get() {
        if (error != null) {
            throw error;
        }
        return result;
    }

    @Override
    public String toString() {
        return "Item[" + onBehalfOf + ": " + (error == null ? result : error) + "]";
    }
}
