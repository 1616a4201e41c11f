"""The programs under measurement: how each is built, and run."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benches/peers"
BUILD = Path(os.environ.get("BUILD", ROOT / "build/bench"))
LIBRARY = Path(os.environ.get("SG_OPEN_TRACKING_LIBRARY", ROOT / "target/release/libsg_open_tracking.so"))
TOOL = Path(os.environ.get("SG_OPEN_TRACKING_TOOL", ROOT / "target/release/sg-open-tracking"))
# As peer.h has it.
KEY = "SG.bbbbbbbbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccc"

# The first release, as `benches/run` has built it.
FIRST_RELEASE = BUILD / "first-release/target/release/libsg_open_tracking.so"

# What a Rust static library needs of the system's.
RUST_NEEDS = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]


@dataclass
class Program:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def _compile(name: str, *inputs: str | Path, main: str = "main.c") -> list[str]:
    program = BUILD / name
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [compiler, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{PEERS}", f"-I{ROOT / 'include'}",
         "-o", program, PEERS / main, *inputs, "-lpthread"],
        check=True,
    )  # fmt: skip
    return [str(program)]


def _link(name: str, library: Path) -> list[str | Path]:
    """What links a program with a copy of the library."""
    if not library.exists():
        raise SystemExit(f"{library} is not there: run `make build` first, or set SG_OPEN_TRACKING_LIBRARY")
    # The loader looks for the SONAME, which cargo's target directory may not have.
    directory = BUILD / f"lib-{name}"
    directory.mkdir(parents=True, exist_ok=True)
    soname = directory / "libsg_open_tracking.so.1"
    shutil.copy(library, soname)
    return [soname, f"-Wl,-rpath,{directory}"]


def ours(name: str = "ours", library: Path = LIBRARY) -> Program:
    return Program(name, _compile(name, PEERS / "ours.c", *_link(name, library)))


def tool() -> Program:
    if not TOOL.exists():
        raise SystemExit(f"{TOOL} is not there: run `make cli` first, or set SG_OPEN_TRACKING_TOOL")
    command = [str(TOOL), "audit", "--all-subusers", "--json", "--quiet"]
    return Program("ours", command, {"SENDGRID_API_KEY": KEY})


def counting() -> Path:
    """The library that, preloaded, counts look-ups, threads and allocations."""
    library = BUILD / "counting.so"
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [compiler, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fno-builtin", "-fPIC", "-shared",
         "-o", library, PEERS / "counting.c", "-ldl"],
        check=True,
    )  # fmt: skip
    return library


def _rust() -> Path:
    """Builds the peers in Rust; the directory that they are in."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", BUILD / "peers"))
    cargo = os.environ.get("CARGO", "cargo")
    subprocess.run(
        [cargo, "build", "--quiet", "--locked", "--release", "--manifest-path", PEERS / "Cargo.toml",
         "--target-dir", target],
        check=True,
    )  # fmt: skip
    return target / "release"


@dataclass
class Programs:
    ours: Program
    first_release: Program
    limit: Program
    ureq: Program
    ureq_timeout: Program
    curl: Program
    # SendGrid's own clients, where they could be installed.
    official: list[Program]
    # The link with a round trip of its own.
    delay: Path
    # The command-line tool, and what makes the same calls and nothing else.
    tool: Program
    fleet: Program


def _official() -> list[Program]:
    """Where `benches/run` has put them."""
    found = []
    python, packages = BUILD / "venv/bin/python", BUILD / "node/node_modules"
    if subprocess.run([python, "-c", "import sendgrid"], capture_output=True, check=False).returncode == 0:
        found.append(Program("official Python", [str(python), str(PEERS / "official.py")]))
    if (packages / "@sendgrid/client").exists():
        command = ["node", str(PEERS / "official.js")]
        found.append(Program("official Node", command, {"NODE_PACKAGES": str(packages)}))
    return found


def all_programs() -> Programs:
    own = ours()
    rust = _rust()
    limit = _compile("limit", rust / "libbare.a", *RUST_NEEDS)
    ureq = _compile("ureq", rust / "libureq_plain.a", *RUST_NEEDS)
    return Programs(
        ours=own,
        first_release=ours("1.0.0", FIRST_RELEASE),
        limit=Program("limit", limit),
        ureq=Program("ureq", ureq),
        ureq_timeout=Program("ureq, timeout", ureq, {"UREQ_TIMEOUT": "1"}),
        curl=Program("libcurl", _compile("libcurl", PEERS / "curl.c", "-lcurl")),
        official=_official(),
        delay=rust / "delay",
        tool=tool(),
        fleet=Program("fleet", _compile("fleet", *_link("ours", LIBRARY), main="fleet.c")),
    )
