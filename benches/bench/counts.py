"""What a warm call counts: the difference between a long and a short run, divided by their calls."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import programs

if TYPE_CHECKING:
    from collections.abc import Callable

    from .measures import Place
    from .programs import Program

SHORT, LONG = 500, 1500


@dataclass
class Counts:
    instructions: float
    system_calls: float
    lookups: float
    threads: float
    allocations: float
    heap_growth: float


def _per_call(count: Callable[[int], list[int]]) -> list[float]:
    return [(long - short) / (LONG - SHORT) for short, long in zip(count(SHORT), count(LONG), strict=True)]


def instructions(program: Program, place: Place, *arguments: str | int) -> int:
    """Of a run."""
    with tempfile.NamedTemporaryFile() as profile:
        finished = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile.name}", *program.command,
             *map(str, arguments)],
            env=place.environment(program), capture_output=True, text=True, check=False,
        )  # fmt: skip
    found = re.search(r"Collected : (\d+)", finished.stderr)
    if finished.returncode != 0 or not found:
        raise SystemExit(f"{program.name}: {finished.stderr}")
    return int(found[1])


def counts(program: Program, place: Place, counting: Path) -> Counts:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "counts"

        def run(tool: list[str], calls: int, extra: dict[str, str] | None = None) -> None:
            finished = subprocess.run(
                [*tool, *program.command, "count", str(calls)],
                env=place.environment(program) | (extra or {}),
                capture_output=True,
                text=True,
                check=False,
            )
            if finished.returncode != 0:
                raise SystemExit(f"{program.name}: {finished.stderr}")

        def system_calls(calls: int) -> list[int]:
            run(["strace", "-f", "-c", "--summary-columns=calls,name", "-o", str(file)], calls)
            return [int(line.split()[0]) for line in file.read_text().splitlines() if line.endswith(" total")]

        def preloaded(calls: int) -> list[int]:
            run([], calls, {"LD_PRELOAD": str(counting), "COUNTING_FILE": str(file)})
            return [int(word) for word in file.read_text().split()]

        lookups, threads, allocations, heap_growth = _per_call(preloaded)
        return Counts(
            # What a run of a thousand calls does once is not a warm call's.
            instructions=round(_per_call(lambda calls: [instructions(program, place, "count", calls)])[0]),
            system_calls=round(_per_call(system_calls)[0], 1),
            lookups=round(lookups, 1),
            threads=round(threads, 1),
            allocations=round(allocations, 1),
            heap_growth=round(heap_growth),
        )


def stripped_size(library: Path) -> int:
    stripped = programs.BUILD / "stripped.so"
    subprocess.run(["strip", "--strip-unneeded", "-o", stripped, library], check=True)
    return stripped.stat().st_size
