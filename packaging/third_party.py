#!/usr/bin/env python3
"""Prints the licences of the crates that are compiled into a package of the workspace.

packaging/third_party.py PACKAGE
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LICENCE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)


def texts_in(folder):
    """The texts of licences that lie in a folder, by the file's name."""
    files = sorted(file for file in folder.iterdir() if file.is_file() and LICENCE.match(file.name))
    return {file.name: file.read_text(errors="replace").strip() for file in files}


def cargo(*arguments):
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main():
    metadata = json.loads(cargo("metadata", "--format-version=1"))
    crates = {(crate["name"], crate["version"]): crate for crate in metadata["packages"]}
    tree = cargo(
        "tree",
        "--package",
        sys.argv[1],
        "--edges=no-build,no-dev,no-proc-macro",
        "--prefix=none",
        "--format={p}",
    )
    linked = sorted({tuple(line.split()[:2]) for line in tree.splitlines() if line})
    print(f"The crates of crates.io that are compiled into {sys.argv[1]}, and their licences.")
    print("Rust's standard library, which is as well, is under the MIT or the Apache 2.0 licence.")
    for crate_name, version in linked:
        crate = crates[crate_name, version.removeprefix("v")]
        if crate["source"] is None:
            continue  # our own
        folder = Path(crate["manifest_path"]).parent
        print(f"\n{'=' * 78}\n{crate_name} {crate['version']}: {crate['license']}\n{crate['repository'] or ''}")
        for name, text in texts_in(folder).items():
            print(f"\n--- {name}\n\n{text}")


if __name__ == "__main__":
    main()
