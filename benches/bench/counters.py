"""Holds what a warm call counts against the committed figures."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from . import programs
from .counts import counts, stripped_size
from .measures import Place
from .server import server

COMMITTED = programs.ROOT / "benches/counters.json"
GROWTH = 0.10

# What a figure may differ by in any case: how it is rounded.
NOISE = 0.1


def measure() -> dict[str, float]:
    program, counting = programs.ours(), programs.counting()
    with tempfile.TemporaryDirectory() as directory, server(Path(directory), []) as running:
        place = Place(running.url, running.one_ca)
        counted = counts(program, place, counting)
        telling = replace(program, environment={"SG_OPEN_TRACKING_LOG": "debug"})
        logged = counts(telling, place, counting)
    return {
        "instructions": counted.instructions,
        "system calls": counted.system_calls,
        "look-ups": counted.lookups,
        "threads": counted.threads,
        "allocations": counted.allocations,
        "heap growth, bytes": counted.heap_growth,
        "instructions, logged": logged.instructions,
        "allocations, logged": logged.allocations,
        "stripped size, bytes": stripped_size(programs.LIBRARY),
    }


def grew(old: float, new: float) -> bool:
    return new > old * (1 + GROWTH) + NOISE


def change(old: float, new: float) -> str:
    if old == new:
        return "="
    return f"{(new - old) / old:+.1%}" if old else f"{new - old:+g}"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--update"]):
        print("usage: benches/counters [--update]", file=sys.stderr)
        return 2
    committed: dict[str, float] = json.loads(COMMITTED.read_text())
    measured = measure()
    if arguments:
        committed = measured | committed
    print(f"{'a warm call':22}{'committed':>12}{'now':>12}{'change':>10}")
    failed = 0
    for figure, new in measured.items():
        old = committed[figure]
        verdict = f"  more than {GROWTH:.0%}" if grew(old, new) else ""
        failed += bool(verdict)
        print(f"{figure:22}{old:12,}{new:12,}{change(old, new):>10}{verdict}")
    if arguments:
        COMMITTED.write_text(json.dumps(measured, indent=2) + "\n")
        print(f"wrote {COMMITTED.relative_to(programs.ROOT)}")
        return 0
    print(f"{len(measured) - failed} passed, {failed} failed")
    if failed:
        print("a call costs more than it did: find out why, or accept it: `benches/counters --update`", file=sys.stderr)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
