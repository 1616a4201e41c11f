package io.github.sgopentracking;

import java.util.Objects;
import java.util.Optional;

/** What became of one account of {@link Client#updateMany} or {@link Client#getMany}. Immutable. */
public final class Item {
    private final int index;
    private final String name;
    private final Result result;
    private final OpenTrackingException error;

    Item(int index, String name, NativeFunctions.SgResult result) {
        boolean good = result.code() == Code.OK.value();
        this.index = index;
        this.name = name;
        this.result = good ? new Result(result) : null;
        this.error = good ? null : OpenTrackingException.of(result);
    }

    /** The number of the name among those that were given, from 0. */
    public int index() {
        return index;
    }

    /** The name. */
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

    /** Two errors are the same here if they say the same. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Item
                && index == ((Item) other).index
                && name.equals(((Item) other).name)
                && Objects.equals(result, ((Item) other).result)
                && Objects.equals(said(), ((Item) other).said());
    }

    @Override
    public int hashCode() {
        return Objects.hash(index, name, result, said());
    }

    private String said() {
        return error == null ? null : error.toString();
    }

    @Override
    public String toString() {
        return "Item[" + index + " " + name + ": " + (error == null ? result : error) + "]";
    }
}
