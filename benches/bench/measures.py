"""How a program is run, and what it says: times, memory, rates."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .programs import Program

# The first calls of a connection: the server's session tickets arrive, caches fill.
WARM_UP = 50

CPUS = sorted(os.sched_getaffinity(0))
# The server has a processor, and the program another, where there are two.
SERVER_CPU = CPUS[:1] if len(CPUS) > 1 else []
PROGRAM_CPU = CPUS[1:2]


def pinned(cpus: list[int]) -> list[str]:
    return ["taskset", "--cpu-list", ",".join(map(str, cpus))] if cpus else []


@dataclass
class Place:
    """Where calls go, and whom they trust."""

    url: str
    authorities: Path

    def environment(self, program: Program) -> dict[str, str]:
        # Nothing else of this machine's: a proxy or SSL_CERT_DIR would change what is measured.
        return {
            "PATH": os.environ["PATH"],
            "SG_OPEN_TRACKING_BASE_URL": self.url,
            "SSL_CERT_FILE": str(self.authorities),
            # Node's name for the same.
            "NODE_EXTRA_CA_CERTS": str(self.authorities),
            **program.environment,
        }


def run(program: Program, place: Place, *arguments: str | int) -> list[int]:
    """Runs it on a processor of its own; the numbers that it prints."""
    command = [*pinned(PROGRAM_CPU), *program.command, *map(str, arguments)]
    finished = subprocess.run(command, env=place.environment(program), capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise SystemExit(f"{program.name}: {finished.stderr}")
    return [int(word) for word in finished.stdout.split()]


def warm_us(program: Program, place: Place, calls: int) -> float:
    """The median of a warm call."""
    return median(run(program, place, "times", calls + WARM_UP)[WARM_UP:]) / 1e3


def first_ms(program: Program, place: Place) -> float:
    return run(program, place, "times", 1)[0] / 1e6


def forked_ms(program: Program, place: Place) -> float:
    return run(program, place, "forked", 1)[0] / 1e6


def peak_mb(program: Program, place: Place) -> float:
    return run(program, place, "peak", 10)[0] * 1024 / 1e6


def idle_kb(program: Program, place: Place) -> float:
    return run(program, place, "idle", 64)[0] / 1e3


def calls_a_second(program: Program, place: Place, processes: int, threads: int, calls: int) -> float:
    """All begin at once, on any processor."""
    command = [*program.command, "rate", str(threads), str(calls)]
    start, started = os.pipe()
    running = [
        subprocess.Popen(command, env=place.environment(program), stdin=start, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    os.close(start)
    # Each says when it is ready.
    for process in running:
        assert process.stdout
        process.stdout.readline()
    os.close(started)
    spans = [[int(word) for word in process.communicate()[0].split()] for process in running]
    if any(process.returncode for process in running):
        raise SystemExit(f"{program.name}: a process failed")
    begun, ended = min(span[0] for span in spans), max(span[1] for span in spans)
    return processes * threads * calls / ((ended - begun) / 1e9)


def _to_its_end(program: Program, place: Place, *by: str) -> None:
    finished = subprocess.run(
        [*by, *program.command], env=place.environment(program), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, check=False,
    )  # fmt: skip
    if finished.returncode != 0:
        raise SystemExit(f"{program.name}: {finished.stderr}")


def run_s(program: Program, place: Place) -> float:
    """The time of a whole run."""
    started = time.monotonic()
    _to_its_end(program, place)
    return time.monotonic() - started


def run_peak_mb(program: Program, place: Place) -> float:
    """The peak memory of a whole run; by another program, since a child is charged with its parent's."""
    with tempfile.NamedTemporaryFile("r") as peak:
        _to_its_end(program, place, "/usr/bin/time", "--format=%M", f"--output={peak.name}")
        return int(peak.read()) * 1024 / 1e6


@contextmanager
def delayed(delay: Path, port: int, milliseconds: int) -> Iterator[str]:
    """A link to the server with a longer round trip: its URL."""
    process = subprocess.Popen(
        [delay, f"127.0.0.1:{port}", str(milliseconds)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        yield f"https://localhost:{address.rpartition(':')[2]}"
    finally:
        process.kill()
        process.wait()
