package io.github.sgopentracking;

/** Where the account lives. A key of one region does not work in the other. */
public enum Region {
    /** api.sendgrid.com */
    GLOBAL(0),
    /** api.eu.sendgrid.com */
    EU(1);

    private final int value;

    Region(int value) {
        this.value = value;
    }

    /** The number of the C header. */
    public int value() {
        return value;
    }
}
