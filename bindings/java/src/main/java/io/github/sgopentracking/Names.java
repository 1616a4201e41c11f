package io.github.sgopentracking;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * The names of a call for many, in lots that are asked for one by one: an endless sequence is never held whole. What a
 * sequence throws comes after the lot of those that it gave before.
 */
final class Names implements Iterator<Names.Lot> {
    /** Consecutive names. */
    static final class Lot {
        final int first;
        final List<String> names = new ArrayList<>();
        final List<byte[]> texts = new ArrayList<>();

        private Lot(int first) {
            this.first = first;
        }
    }

    /** Enough for the ends of lots, where connections wait for the last, to weigh nothing. */
    static final int LOT = 1000;

    private final Iterable<String> given;
    private Iterator<String> names;
    private int taken;
    private Lot next;
    private RuntimeException error;

    /** A collection is copied, and refused at once for any name that can't be; others are read later. */
    Names(Iterable<String> given) {
        this.given = given instanceof Collection ? checked((Collection<String>) given) : given;
    }

    private static List<String> checked(Collection<String> given) {
        List<String> names = Arrays.asList(given.toArray(new String[0]));
        names.forEach(name -> Arguments.text("name", name));
        return names;
    }

    @Override
    public boolean hasNext() {
        if (next == null && error == null) {
            next = read();
        }
        if (next == null && error != null) {
            throw error;
        }
        return next != null;
    }

    @Override
    public Lot next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Lot lot = next;
        next = null;
        return lot;
    }

    private Lot read() {
        Lot lot = new Lot(taken);
        try {
            if (names == null) {
                names = given.iterator();
            }
            while (lot.names.size() < LOT && names.hasNext()) {
                String name = names.next();
                lot.texts.add(Arguments.text("name", name));
                lot.names.add(name);
            }
        } catch (RuntimeException thrown) {
            error = thrown;
        }
        taken += lot.names.size();
        return lot.names.isEmpty() ? null : lot;
    }
}
