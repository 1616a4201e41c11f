"""The figures: each measured for the library and its peers in turn, round after round."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from . import programs
from .counts import counts, instructions, stripped_size
from .measures import (
    Place,
    calls_a_second,
    delayed,
    first_ms,
    forked_ms,
    idle_kb,
    peak_mb,
    run_peak_mb,
    run_s,
    warm_us,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .programs import Program, Programs
    from .server import Server

ROUND_TRIP_MS = 40


@dataclass
class Spread:
    low: float
    mid: float
    high: float

    @staticmethod
    def of(values: list[float]) -> Spread:
        return Spread(min(values), median(values), max(values))


@dataclass
class Figure:
    name: str
    unit: str
    # By program, in the order of the columns.
    values: dict[str, Spread]
    # The library's over this peer's, in the same round.
    over: str = ""
    ratio: Spread | None = None
    reach: float | None = None
    stretch: float | None = None
    at_least: bool = False
    # A time in round trips always has a little more than whole ones.
    whole: bool = False

    def judged(self) -> float:
        value = (self.ratio or self.values["ours"]).mid
        return round(value) if self.whole else value

    def meets(self, target: float | None) -> bool:
        if target is None:
            return False
        return self.judged() >= target if self.at_least else self.judged() <= target


@dataclass
class Bench:
    programs: Programs
    server: Server
    # Where the server runs on any processor.
    free_server: Server
    counting: Path
    one_ca: Place = field(init=False)
    system_cas: Place = field(init=False)

    def __post_init__(self) -> None:
        self.one_ca = Place(self.server.url, self.server.one_ca)
        self.system_cas = Place(self.server.url, self.server.system_cas)


def in_turn(
    rounds: int, chosen: list[Program], measure: Callable[[Program], float], over: str = ""
) -> tuple[dict[str, Spread], Spread | None]:
    """One after another in every round, so that what disturbs one disturbs all; and the ratios."""
    seen: dict[str, list[float]] = {program.name: [] for program in chosen}
    for _ in range(rounds):
        for program in chosen:
            seen[program.name].append(measure(program))
    ratio = [own / other for own, other in zip(seen["ours"], seen[over], strict=True)] if over else None
    return {name: Spread.of(values) for name, values in seen.items()}, Spread.of(ratio) if ratio else None


def counted(bench: Bench) -> Iterator[Figure]:
    p = bench.programs
    chosen = (p.ours, p.first_release, p.limit, p.ureq, p.ureq_timeout, p.curl)
    each = {q.name: counts(q, bench.one_ca, bench.counting) for q in chosen}

    def figure(name: str, unit: str, attribute: str, reach: float | None, stretch: float | None = None) -> Figure:
        values = {program: Spread.of([getattr(count, attribute)]) for program, count in each.items()}
        return Figure(name, unit, values, reach=reach, stretch=stretch)

    yield figure("instructions of a warm call", "", "instructions", 34_000, 30_000)
    yield figure("system calls of a warm call", "", "system_calls", 4, 3)
    yield figure("look-ups of a warm call", "", "lookups", 0)
    yield figure("threads that a warm call starts", "", "threads", 0)
    yield figure("heap growth of a warm call", "B", "heap_growth", 0)
    yield figure("allocations of a warm call", "", "allocations", 22, 15)


def warm(bench: Bench) -> Iterator[Figure]:
    p = bench.programs
    fast = [p.ours, p.first_release, p.limit, p.ureq, p.ureq_timeout, p.curl]
    values, ratio = in_turn(60, fast, lambda q: warm_us(q, bench.one_ca, 500), over="limit")
    values |= in_turn(5, p.official, lambda q: warm_us(q, bench.one_ca, 100))[0]
    yield Figure("warm call, p50", "µs", values, "limit", ratio, 1.15, 1.05)


def first(bench: Bench) -> Iterator[Figure]:
    p = bench.programs
    own = [p.ours, p.first_release, p.limit, p.ureq, p.curl]
    values, ratio = in_turn(40, own, lambda q: first_ms(q, bench.system_cas), over="limit")
    values |= in_turn(5, p.official, lambda q: first_ms(q, bench.system_cas))[0]
    yield Figure("first call of a process, system trust store", "ms", values, "limit", ratio, 1.1, 0.9)
    values, ratio = in_turn(40, own, lambda q: first_ms(q, bench.one_ca), over="limit")
    yield Figure("first call of a process, one CA", "ms", values, "limit", ratio)
    values, ratio = in_turn(40, own, lambda q: forked_ms(q, bench.system_cas), over="limit")
    yield Figure("first call of a forked child, system trust store", "ms", values, "limit", ratio)


def memory(bench: Bench) -> Iterator[Figure]:
    p = bench.programs
    chosen = [p.ours, p.first_release, p.limit, p.ureq, p.curl, *p.official]
    values, _ = in_turn(5, chosen, lambda q: peak_mb(q, bench.one_ca))
    yield Figure("peak memory of a program with 10 calls", "MB", values, reach=3.75, stretch=3.6)
    values, _ = in_turn(5, chosen, lambda q: peak_mb(q, bench.system_cas))
    yield Figure("the same with the system trust store", "MB", values)
    # At a distance, so that all the connections are in use at once.
    with delayed(p.delay, bench.server.port, ROUND_TRIP_MS) as url:
        place = Place(url, bench.server.one_ca)
        values, _ = in_turn(5, [p.ours, p.first_release, p.limit, p.ureq], lambda q: idle_kb(q, place))
    yield Figure("memory that an idle connection adds", "KB", values, reach=48, stretch=24)


def size(bench: Bench) -> Iterator[Figure]:
    sizes = {
        "ours": stripped_size(programs.LIBRARY),
        "1.0.0": stripped_size(programs.FIRST_RELEASE),
        "libcurl": size_with_all_that_it_loads(bench),
    }
    spreads = {name: Spread.of([size / 1e6]) for name, size in sizes.items()}
    yield Figure("the stripped .so; libcurl and all that it loads", "MB", spreads, reach=1.75, stretch=1.6)


def size_with_all_that_it_loads(bench: Bench) -> int:
    """Of libcurl; without the C library, which every program has."""
    loaded = subprocess.run(["ldd", *bench.programs.curl.command], check=True, capture_output=True, text=True).stdout
    paths = [line.split("=> ")[1].split(" (")[0] for line in loaded.splitlines() if "=> /" in line]
    files = [Path(path).resolve() for path in paths]
    return sum(file.stat().st_size for file in files if file.name not in ("libc.so.6", "libm.so.6"))


def threads(bench: Bench) -> Iterator[Figure]:
    own, place = bench.programs.ours, Place(bench.free_server.url, bench.free_server.one_ca)
    one_client: list[float] = []
    eight_clients: list[float] = []
    for _ in range(25):
        one_client.append(calls_a_second(own, place, processes=1, threads=8, calls=500))
        eight_clients.append(calls_a_second(own, place, processes=8, threads=1, calls=500))
    ratio = Spread.of([one / eight for one, eight in zip(one_client, eight_clients, strict=True)])
    values = {"ours": Spread.of(one_client), "8 processes": Spread.of(eight_clients)}
    yield Figure("8 threads on one client", "calls/s", values, "8 processes", ratio, 0.95, at_least=True)


def round_trips(bench: Bench) -> Iterator[Figure]:
    p = bench.programs
    chosen = [p.ours, p.first_release, p.limit, p.ureq, p.curl, *p.official]
    with delayed(p.delay, bench.server.port, ROUND_TRIP_MS) as url:
        place = Place(url, bench.server.one_ca)
        values, _ = in_turn(3, chosen, lambda q: warm_us(q, place, 10) / 1e3 / ROUND_TRIP_MS)
        yield Figure(f"warm call, {ROUND_TRIP_MS} ms away", "round trips", values, reach=1, whole=True)
        values, _ = in_turn(5, chosen, lambda q: first_ms(q, place) / ROUND_TRIP_MS)
        yield Figure(f"first call, {ROUND_TRIP_MS} ms away", "round trips", values, reach=3, whole=True)


def subusers(bench: Bench) -> Iterator[Figure]:
    """The tool beside a program that asks for the same and forgets it."""
    server, both = bench.free_server, [bench.programs.tool, bench.programs.fleet]
    place = Place(server.url, server.one_ca)

    def instructions_each(program: Program) -> float:
        # Far apart, since threads that wait for each other make it a little more or less.
        few, many = 1000, 4000
        server.list_subusers(few)
        first = instructions(program, place)
        server.list_subusers(many)
        return (instructions(program, place) - first) / (many - few)

    values, ratio = in_turn(1, both, instructions_each, over="fleet")
    yield Figure("instructions of the tool for a subuser", "", values, "fleet", ratio)
    for number, rounds in ((10_000, 7), (100_000, 3)):
        server.list_subusers(number)
        values, ratio = in_turn(rounds, both, lambda q: run_s(q, place), over="fleet")
        yield Figure(f"{number:,} subusers by the tool", "s", values, "fleet", ratio)
    for number in (1000, 100_000):
        server.list_subusers(number)
        values, _ = in_turn(1, both, lambda q: run_peak_mb(q, place))
        yield Figure(f"peak memory of the tool with {number:,} subusers", "MB", values)


# By the names that `benches/run` takes.
FIGURES: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "counts": counted,
    "warm": warm,
    "first": first,
    "memory": memory,
    "size": size,
    "threads": threads,
    "round-trips": round_trips,
    "subusers": subusers,
}
