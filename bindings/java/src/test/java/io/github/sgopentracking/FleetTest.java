package io.github.sgopentracking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The calls for many. */
@Timeout(10)
class FleetTest {
    private static List<String> subusers(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(number -> String.format("subuser-%05d", number))
                .collect(Collectors.toList());
    }

    @Test
    void roundTrip() throws InterruptedException {
        try (Client client = Sandbox.client()) {
            for (boolean enabled : new boolean[] {false, true}) {
                List<Item> items = client.updateMany(enabled, subusers(25)).collect(Collectors.toList());
                assertEquals(
                        subusers(25), items.stream().map(Item::name).sorted().collect(Collectors.toList()));
                assertTrue(items.stream().allMatch(item -> item.get().enabled() == enabled));
                assertEquals(25, client.getMany(subusers(25)).filter(item -> item.get().enabled() == enabled).count());
            }
            assertEquals(0, client.getMany(List.of()).count());
            Sandbox.await("the end of the last call", () -> client.inFlight() == 0);
        }
    }

    @Test
    void oneItemsFailureStopsNoOther() {
        try (Client client = Sandbox.client()) {
            List<String> names = List.of("subuser-00001", "nobody", "", "fault-unicode-message", "subuser-00002");
            Map<String, Item> items =
                    client.getMany(names).collect(Collectors.toMap(Item::name, Function.identity()));
            assertTrue(items.get("subuser-00001").result().isPresent());
            assertEquals(Optional.empty(), items.get("subuser-00002").error());
            assertThrows(OpenTrackingException.NotFound.class, items.get("nobody")::get);
            assertThrows(OpenTrackingException.Argument.class, items.get("")::get);
            assertTrue(items.get("fault-unicode-message").error().get().getMessage().contains("権限がありません"));
        }
    }

    @Test
    void closingTheStreamCutsOffTheRest() throws InterruptedException {
        try (Client client = Sandbox.client()) {
            List<String> names = subusers(25).stream()
                    .flatMap(name -> Stream.of(name, "fault-silent"))
                    .collect(Collectors.toList());
            try (Stream<Item> items = client.getMany(names)) {
                Iterator<Item> iterator = items.iterator();
                assertTrue(iterator.next().result().isPresent());
            }
            Sandbox.await("the end of the native call", () -> client.inFlight() == 0);
            assertEquals(200, client.get().httpStatus());
        }
    }

    @Test
    void theClientsCloseEndsTheStream() {
        Client client = Sandbox.client();
        Iterator<Item> items = client.getMany(List.of("subuser-00001", "fault-silent")).iterator();
        assertTrue(items.next().result().isPresent());
        client.close();
        assertThrows(OpenTrackingException.Cancelled.class, () -> {
            while (items.hasNext()) {
                assertTrue(items.next().error().isPresent());
            }
        });
        assertThrows(OpenTrackingException.Closed.class, () -> client.listSubusers().count());
    }

    @Test
    void theClientsCloseReachesAStreamThatNobodyReads() throws InterruptedException {
        Client client = Sandbox.client();
        Iterator<Item> items = client.getMany(Collections.nCopies(1_000, "subuser-00001")).iterator();
        assertTrue(items.next().result().isPresent());
        client.close();
        Sandbox.await("the end of the native call", () -> client.inFlight() == 0);
    }

    @Test
    void aWrongKeyEndsTheStream() {
        try (Client client = new Client("SG.wrong", Region.GLOBAL, Sandbox.options());
                Stream<Item> items = client.getMany(subusers(25))) {
            assertThrows(OpenTrackingException.Unauthorized.class, items::count);
        }
    }

    @Test
    void aBadNameIsRefusedBeforeAnythingIsSent() {
        try (Client client = Sandbox.client()) {
            assertThrows(OpenTrackingException.Argument.class, () -> client.getMany(List.of("subuser-00001", "a\0b")));
            assertThrows(NullPointerException.class, () -> client.getMany(Arrays.asList("a", null)));
        }
    }

    @Test
    void theSubusersAreListed() {
        try (Client client = Sandbox.client()) {
            assertEquals(subusers(25), client.listSubusers().sorted().collect(Collectors.toList()));
            assertEquals("subuser-00001", client.listSubusers().findFirst().get());
            assertFalse(client.listSubusers().anyMatch("nobody"::equals));
        }
        try (Client client = new Client("SG.wrong", Region.GLOBAL, Sandbox.options())) {
            OpenTrackingException error =
                    assertThrows(OpenTrackingException.Unauthorized.class, () -> client.listSubusers().count());
            assertEquals(401, error.httpStatus());
        }
    }

    /** Each name is done once, an occurrence being an item, whatever kind of sequence gives it. */
    @Test
    void sequences() {
        Map<String, Iterable<String>> sequences = new LinkedHashMap<>();
        List<String> names = List.of("subuser-00001", "subuser-00002", "subuser-00001", "subuser-00003");
        sequences.put("a list", names);
        sequences.put("a lazy one", () -> names.stream().map(String::strip).iterator());
        sequences.put("a set", new LinkedHashSet<>(List.of("subuser-00001", "subuser-00002", "subuser-00003")));
        sequences.put("a map's keys", new TreeMap<>(Map.of("subuser-00001", 1, "subuser-00002", 2)).keySet());
        sequences.put("a map's values", new TreeMap<>(Map.of(1, "subuser-00001", 2, "subuser-00001")).values());
        sequences.put("nothing", List.of());
        sequences.put("more than a lot", Collections.nCopies(Names.LOT + 1, "subuser-00001"));
        try (Client client = Sandbox.client()) {
            sequences.forEach((kind, sequence) -> {
                List<String> wanted = new ArrayList<>();
                sequence.forEach(wanted::add);
                String[] done = new String[wanted.size()];
                client.getMany(sequence).forEach(item -> {
                    assertNull(done[item.index()], kind);
                    done[item.index()] = item.name();
                    assertTrue(item.result().isPresent(), kind);
                });
                assertEquals(wanted, Arrays.asList(done), kind);
            });
        }
    }

    @Test
    void theListMayBeReadWhileItIsSwitched() {
        AtomicBoolean closed = new AtomicBoolean();
        try (Client client = Sandbox.client()) {
            Stream<String> names = client.listSubusers().onClose(() -> closed.set(true));
            try (Stream<Item> items = client.updateMany(false, names)) {
                assertEquals(subusers(25), items.map(Item::name).sorted().collect(Collectors.toList()));
            }
            assertTrue(closed.get());
        }
    }

    @Test
    void anEndlessSequenceIsReadInLots() throws InterruptedException {
        AtomicInteger taken = new AtomicInteger();
        Stream<String> endless = Stream.generate(() -> "subuser-0000" + (1 + taken.getAndIncrement() % 9));
        try (Client client = Sandbox.client()) {
            try (Stream<Item> items = client.getMany(endless)) {
                assertEquals(3, items.limit(3).filter(item -> item.result().isPresent()).count());
            }
            assertEquals(Names.LOT, taken.get());
            Sandbox.await("the end of the native call", () -> client.inFlight() == 0);
        }
    }

    @Test
    void whatASequenceThrowsComesAfterTheItemsBefore() {
        Stream<String> names = Stream.iterate(1, number -> number + 1).map(number -> {
            if (number == 4) {
                throw new IllegalStateException("no fourth");
            }
            return "subuser-0000" + number;
        });
        List<String> done = new ArrayList<>();
        try (Client client = Sandbox.client();
                Stream<Item> items = client.getMany(names)) {
            Exception error = assertThrows(IllegalStateException.class, () -> items.forEach(item -> done.add(item.name())));
            assertEquals("no fourth", error.getMessage());
            Collections.sort(done);
            assertEquals(subusers(3), done);
            Iterable<String> bad = () -> Arrays.asList("subuser-00001", "a\0b").iterator();
            assertThrows(OpenTrackingException.Argument.class, () -> client.getMany(bad).forEach(item -> done.add("one")));
            assertEquals("one", done.get(3));
        }
    }

    @Test
    void anInterruptEndsTheReader() throws InterruptedException {
        try (Client client = Sandbox.client()) {
            CompletableFuture<Boolean> stillInterrupted = new CompletableFuture<>();
            Thread reader = new Thread(() -> {
                try (Stream<Item> items = client.getMany(List.of("fault-silent"))) {
                    items.forEach(item -> {});
                } catch (OpenTrackingException.Cancelled cutOff) {
                    stillInterrupted.complete(Thread.currentThread().isInterrupted());
                }
            });
            reader.start();
            client.get("fault-delay-100");
            reader.interrupt();
            assertTrue(stillInterrupted.join());
            Sandbox.await("the end of the native call", () -> client.inFlight() == 0);
        }
    }
}
