"""benches/results.md: the table, the machine, the versions."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from . import programs

if TYPE_CHECKING:
    from .figures import Figure, Spread

COLUMNS = ["ours", "1.0.0", "limit", "ureq", "ureq, timeout", "libcurl", "official Python", "official Node"]

INTRODUCTION = """# Close to the wire: what a call costs, beside its peers

Written by `benches/run`, or a row alone by the command at its end. All in one run, on one machine, against
the same nginx on the loopback (TLS 1.3, kept alive), the programs in turn, round after round.

- **The counts are the figures to trust** (instructions, system calls, look-ups, threads, allocations, bytes): they
  repeat. Times drift with the machine and with what else it does, so they are medians, and the ratio is that of the
  same round's times. Behind each stands its spread, (lowest–highest) of the rounds; what has none, repeated.
- *limit*: rustls on a bare socket, the request built beforehand, the reply hardly looked at. *ureq*: as it comes,
  without a timeout and with one. *libcurl*: an easy handle that is used again, without signals. *official*: SendGrid's
  own clients. Ours goes through the C ABI, as does *1.0.0*, the first release, built from its sources.
- 1 MB is 1,000,000 bytes; 1 KB, 1,000.
"""

NOTES = """
- A first call begins with the making of the client, and has the look-up, the connection, the trust store, the handshake
  and the call in it; loading the program is left out. The system trust store is the system's bundle and one more.
- A forked child's parent has made one call; the child makes a client of its own.
- The time of a call from {distance} ms away is given in round trips, and judged by the nearest whole number. The link
  is a small proxy that holds back what passes by half a round trip, and a new connection's first bytes by one
  more, for the TCP handshake that the loopback does at once.
- An idle connection's memory is what the heap holds more with 64 of them than with one, divided.
- The tool, `audit --all-subusers --json`, lists the subusers and reads each over 8 connections, and keeps what it needs
  for its report; *fleet* is a C program that makes the same calls by the library, and forgets the results.
- The 8 threads and the 8 processes make their calls all at once, and share the machine's processors with the server.
"""


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    digits = 3 if value < 0.1 else 2 if value < 10 else 1
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".")


def spread(values: Spread | None) -> str:
    if not values:
        return ""
    low, mid, high = _number(values.low), _number(values.mid), _number(values.high)
    return mid if low == high else f"{mid} ({low}–{high})"


def _target(figure: Figure, target: float | None) -> str:
    if target is None:
        return ""
    return f"{'≥' if figure.at_least else '≤'} {_number(target)}{' ×' if figure.ratio else ''}"


def verdict(figure: Figure) -> str:
    if figure.reach is None:
        return ""
    if not figure.meets(figure.reach):
        return "**missed**"
    return "met, and the stretch" if figure.meets(figure.stretch) else "met"


def _title(figure: Figure) -> str:
    return f"{figure.name}, {figure.unit}" if figure.unit else figure.name


def _markdown(rows: list[list[str]]) -> str:
    rows.insert(1, ["---"] * len(rows[0]))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def targets(figures: list[tuple[str, Figure]]) -> str:
    """Ours, held to its targets."""
    rows = [["figure", "ours", "ratio", "reach", "stretch", "", "made by"]]
    for name, figure in figures:
        ratio = f"{spread(figure.ratio)} × {figure.over}" if figure.ratio else ""
        rows.append([_title(figure), spread(figure.values["ours"]), ratio, _target(figure, figure.reach),
                     _target(figure, figure.stretch), verdict(figure), f"`benches/run {name}`"])  # fmt: skip
    return _markdown(rows)


def peers(figures: list[tuple[str, Figure]]) -> str:
    """Ours, beside the peers that were measured with it."""
    columns = [column for column in COLUMNS if any(column in figure.values for _, figure in figures)]
    rows = [["figure", *columns]]
    for _, figure in figures:
        rows.append([_title(figure), *(spread(figure.values.get(column)) for column in columns)])
    return _markdown(rows)


def _said(*command: str | Path) -> str:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    return (finished.stdout + finished.stderr).strip()


def _locked(package: str, lock: Path) -> str:
    versions = re.findall(rf'name = "{package}"\nversion = "([^"]+)"', lock.read_text())
    return f"{package} {', '.join(versions)}"


def _machine() -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    system = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    kernel = ".".join(platform.release().split(".")[:2])
    return (
        f"{len(os.sched_getaffinity(0))} processors ({model[1] if model else platform.machine()}), {memory:.0f} GB, "
        f"{system[1] if system else 'unknown system'}, Linux {kernel}, glibc {platform.libc_ver()[1]}"
    )


def _versions() -> list[str]:
    lock = programs.PEERS / "Cargo.lock"
    own = json.loads(_said(os.environ.get("CARGO", "cargo"), "metadata", "--no-deps", "--format-version=1",
                           "--manifest-path", programs.ROOT / "Cargo.toml"))  # fmt: skip
    found = [
        f"sg_open_tracking {own['packages'][0]['version']}",
        _said("rustc", "--version").split(" (")[0],
        _locked("rustls", lock),
        _locked("ring", lock),
        _locked("ureq", lock),
        f"libcurl {_said('curl-config', '--version').split()[-1]}",
        _said("nginx", "-v").removeprefix("nginx version: "),
        " ".join(_said("openssl", "version").split()[:2]),
        _said("valgrind", "--version"),
        _said("strace", "--version").splitlines()[0].replace(" -- version ", " "),
    ]
    python = programs.BUILD / "venv/bin/python"
    node = programs.BUILD / "node/node_modules/@sendgrid/client/package.json"
    if python.exists():
        sendgrid = _said(python, "-c", "from importlib.metadata import version; print(version('sendgrid'))")
        found.append(f"Python {platform.python_version()} with sendgrid {sendgrid}")
    if node.exists():
        sendgrid = json.loads(node.read_text())["version"]
        found.append(f"Node {_said('node', '--version')} with @sendgrid/client {sendgrid}")
    return found


def results(figures: list[tuple[str, Figure]], distance: int, load: float) -> str:
    today = datetime.now(timezone.utc).date()
    facts = [
        f"- Measured on {today}, with a load of {load:.1f} on the machine before it began.",
        f"- Machine: {_machine()}.",
        f"- Versions: {'; '.join(_versions())}.",
    ]
    return (
        f"{INTRODUCTION}\n## Against the targets\n\n{targets(figures)}\n## Beside the peers\n\n{peers(figures)}"
        f"\n## How to read it\n{NOTES.format(distance=distance)}"
        "\n## Where it was measured\n\n" + "\n".join(facts) + "\n"
    )  # fmt: skip
