package sgopentracking;

import java.util.Optional;

/** What became of one account of {@link Client#updateMany} or {@link Client#getMany}. Immutable. */
public final class Item {
    private final int index;
    private final String name;
    private final Result result;
    private final OpenTrackingException error;

    Item(int index, String name, NativeFunctions.SgResult result) {
        boolean good = result.code == Code.OK.value();
        this.index = index;
        this.name = name;
        this.result = good ? new Result(result) : null;
        this.error = good ? null : OpenTrackingException.of(result);
    }

    /** The number of the name among those that were given, from 0. */
    public int index() {
        return index;
    }

    public String name() {
        return name;
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
        return "Item[" + index + " " + name + ": " + (error == null ? result : error) + "]";
    }
}
