"""Where a warm call's instructions go: by crate, and by function."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from . import programs
from .counts import LONG, SHORT
from .measures import Place
from .server import server

FUNCTIONS = 30

# The first that matches names the group: of the source file, else of the function, else of the
# object. A function of the standard library's, inlined into another, counts as that one's.
BY_FILE = [
    (r"/(ureq-proto|ureq|httparse|http|bytes|rustls-webpki|rustls|ring|serde_json|serde_core|zeroize)-\d", None),
    (r"/rustix-|/libc-|/socket2-", "system calls"),
    (r"(^|/)src/(ffi/)?\w+\.rs|(^|/)client/src/", "sg_open_tracking"),
]
BY_FUNCTION = [
    (r"malloc|free|calloc|realloc|memalign|_int_|tcache|unlink_chunk|alloc_perturb|sysmalloc", "malloc and free"),
    (r"^__?mem(cpy|move|set|cmp)", "copying and clearing memory"),
    (r"clock_gettime|pthread|^(send|recv|setsockopt|poll)", "the C library"),
    (r"ring_core|^_?aes|gcm|ghash|chacha|ring::", "ring"),
    (r"(ureq_proto|ureq|httparse|http|bytes|rustls|sg_open_tracking|serde_json|serde|zeroize)::", None),
    (r"hashbrown|alloc::|core::|std::", "Rust's standard library"),
]


def _group(file: str, function: str, library: str) -> str:
    for patterns, text in ((BY_FILE, file), (BY_FUNCTION, function)):
        for pattern, name in patterns:
            found = re.search(pattern, text)
            if found:
                return name or found[1].replace("_proto", "-proto")
    return "the C library" if "libc.so" in library else Path(library).name


def read(callgrind: str) -> tuple[Counter[str], Counter[str]]:
    """The instructions that each group and each function took itself."""
    groups: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    names: dict[tuple[str, str], str] = {}
    at = {"ob": "", "fl": "", "fn": ""}
    is_call = False
    for line in callgrind.splitlines():
        if match := re.match(r"(c?)(ob|fl|fi|fe|fn)=\((\d+)\)(?: (.*))?", line):
            called, kind, number, name = match.groups()
            kind = {"fi": "fl", "fe": "fl"}.get(kind, kind)
            text = names.setdefault((kind, number), name or "")
            if not called:
                at[kind] = text
        elif match := re.match(r"cfi=\((\d+)\)(?: (.*))?", line):
            names.setdefault(("fl", match[1]), match[2] or "")
        elif line.startswith("calls="):
            is_call = True
        elif re.match(r"[-+*\d]", line):
            # The line after `calls` has what the function that was called took.
            cost, was_call, is_call = int(line.split()[-1]), is_call, False
            if not was_call:
                groups[_group(at["fl"], at["fn"], at["ob"])] += cost
                functions[at["fn"]] += cost
    return groups, functions


def profile(calls: int, place: Place) -> tuple[Counter[str], Counter[str]]:
    program = programs.ours()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "callgrind"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}", *program.command]
        subprocess.run([*command, "count", str(calls)], env=place.environment(program), capture_output=True, check=True)
        return read(file.read_text())


def main() -> int:
    with tempfile.TemporaryDirectory() as directory, server(Path(directory), []) as running:
        place = Place(running.url, running.one_ca)
        short, long = profile(SHORT, place), profile(LONG, place)
    for title, before, after in zip(("crate", "function itself"), short, long, strict=True):
        after.subtract(before)
        total = sum(after.values())
        print(f"\n{'instructions':>12} {'':>6}  {title}\n{total // (LONG - SHORT):12,} {'100 %':>6}  all")
        for name, cost in after.most_common(FUNCTIONS):
            if cost > 0:
                print(f"{cost // (LONG - SHORT):12,} {cost / total:6.1%}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
