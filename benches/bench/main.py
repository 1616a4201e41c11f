"""Measures the figures that are named, or all of them; then the results are written too."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from . import programs, report
from .figures import FIGURES, ROUND_TRIP_MS, Bench, Figure
from .measures import SERVER_CPU
from .server import server

RESULTS = programs.ROOT / "benches"


def measure(names: list[str]) -> list[tuple[str, Figure]]:
    built, counting = programs.all_programs(), programs.counting()
    found = []
    with (
        tempfile.TemporaryDirectory() as first,
        tempfile.TemporaryDirectory() as second,
        server(Path(first), SERVER_CPU) as pinned,
        server(Path(second), []) as free,
    ):
        bench = Bench(built, pinned, free, counting)
        for name in names:
            started = time.monotonic()
            print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
            found += [(name, figure) for figure in FIGURES[name](bench)]
            print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    return found


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        print(f"usage: benches/run [{'|'.join(FIGURES)}]...", file=sys.stderr)
        return 2
    load = os.getloadavg()[0]
    figures = measure(names or list(FIGURES))
    for _, figure in figures:
        print(f"{figure.name}: {report.spread(figure.ratio or figure.values['ours'])} {report.verdict(figure)}")
    if names:
        print(f"\n{report.targets(figures)}\n{report.peers(figures)}")
        return 0
    from .chart import draw  # only here is the plotting library needed

    (RESULTS / "results.md").write_text(report.results(figures, ROUND_TRIP_MS, load))
    draw([figure for _, figure in figures], RESULTS / "results.svg")
    print("wrote benches/results.md and benches/results.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
