#!/usr/bin/env python3
"""Facts that stand in more than one place are the same everywhere; or this names the file to change.

    tests/facts.py

Codes come from client/src/code.rs, functions from tests/abi/exports.txt, the defaults of options from
the header, environment variables from client/src/environment.rs, the version from Cargo.toml.
CONTRIBUTING.md says where each is to be written, and the files that it names have to be there.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_SOURCES = {"node_modules", "target", "bin", "obj", "__pycache__", "build", "tests", "test"}
SOURCES = {".cs", ".go", ".h", ".hpp", ".java", ".js", ".mjs", ".ts", ".php", ".py", ".rb"}

passed = 0
wrong: list[str] = []


def text(path: str | Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def expect(holds: bool, what: str) -> None:
    global passed
    if holds:
        passed += 1
    else:
        wrong.append(what)


def plain(word: str) -> str:
    """A name in any language's spelling."""
    return word.replace("_", "").lower()


def sources(binding: Path) -> str:
    files = (path for path in sorted(binding.rglob("*")) if path.suffix in SOURCES)
    return "\n".join(text(path) for path in files if not NOT_SOURCES & set(path.relative_to(binding).parts))


codes = re.findall(r'(\d+), "SG_(?:ERR_)?(\w+)"', text("client/src/code.rs"))
functions = text("tests/abi/exports.txt").split()
header = text("include/sg_open_tracking.h")
variables = sorted(set(re.findall(r'"([A-Z][A-Z_]+)"', text("client/src/environment.rs").split("#[cfg(test)]")[0])))
bindings = [check.parent for check in sorted(ROOT.glob("bindings/*/check")) if check.parent.name not in ("c", "cli")]
assert len(codes) > 15 and len(functions) > 20 and len(variables) > 4 and len(bindings) > 6, "the sources have another form"

for number, name in codes:
    full = "SG_OK" if name == "OK" else f"SG_ERR_{name}"
    for place in ("docs/errors.md", "tests/abi/layout.c", "tests/c/contract.c", "include/sg_open_tracking.h"):
        expect(full in text(place), f"{place}: the code {full} ({number}) is missing")

for binding in bindings:
    own = sources(binding)
    spelled = plain(own)
    where = binding.relative_to(ROOT)
    for function in functions:
        # A one-shot call may have a client of its own, for its options and the details of its errors.
        expect(function in own or function in ("sg_open_tracking_update", "sg_open_tracking_get"), f"{where}: the function {function} is not declared")
    for number, name in codes:
        near = rf"{plain(name)}\W{{0,40}}{number}\b|\b{number}\W{{0,40}}{plain(name)}|{plain('SG_ERR_' + name)}"
        known = name == "OK" or re.search(near, spelled) or plain(name) in spelled
        expect(bool(known), f"{where}: the code {name} ({number}) is not among its codes")

options = text("docs/options.md")
for comment, option in re.findall(r"/\*\*((?:(?!\*/).)*)\*/\s*sg_code sg_config_set_(\w+)\(", header, re.DOTALL):
    row = next((line for line in options.splitlines() if line.startswith(f"| `{option}` ")), "")
    expect(bool(row), f"docs/options.md: there is no row for {option}")
    default = re.search(r"Default\s+(?:\*\s+)?(\d+)", comment)
    if default:
        expect(default[1] in row, f"docs/options.md: the default of {option} is {default[1]} in the header")

for variable in variables:
    upper = variable.upper()
    for place in ("docs/options.md", "src/ffi/header.txt"):
        expect(upper in text(place), f"{place}: the environment variable {upper} is missing")

symbols = text("packaging/debian/libsg-open-tracking1.symbols")
for function in functions:
    expect(f" {function}@Base " in symbols, f"packaging/debian/libsg-open-tracking1.symbols: {function} is missing")

version = re.search(r'^version = "(.+)"', text("Cargo.toml"), re.MULTILINE)[1]
for place, form in {
    "bindings/csharp/SgOpenTracking.csproj": "<Version>(.+)</Version>",
    "bindings/java/README.md": r"sg-open-tracking[-:](\d+\.\d+\.\d+)",
    "bindings/java/pom.xml": "<artifactId>sg-open-tracking</artifactId>\n  <version>(.+)</version>",
    "bindings/javascript/package-lock.json": '"name": "sg-open-tracking",\n *"version": "(.+)"',
    "bindings/javascript/package.json": '"version": "(.+)"',
    "bindings/python/src/sg_open_tracking/__init__.py": '__version__ = "(.+)"',
    "bindings/ruby/lib/sg_open_tracking/version.rb": 'VERSION = "(.+)"',
    "docs/keep-it-off.md": "/sg-open-tracking:(.+)",
    "fuzz/Cargo.lock": 'name = "sg_open_tracking"\nversion = "(.+)"',
    "tests/hosts/spring-boot/pom.xml": "<artifactId>sg-open-tracking</artifactId>\n *<version>(.+)</version>",
}.items():
    expect(set(re.findall(form, text(place))) == {version}, f"{place}: the version is not {version}")

# Where the binding opens the library, its check sees what it needs.
major, minor, _ = version.split(".")
for place, needs in {
    "bindings/cpp/include/sg_open_tracking/arguments.hpp": f"is not {major}.{minor} or a later {major}.x",
    "bindings/go/sgopentracking/oneshot.go": f"neededMajor, neededMinor = {major}, {minor}\n",
}.items():
    expect(needs in text(place), f"{place}: it does not need the library {major}.{minor}")

contributing = text("CONTRIBUTING.md")
for place in re.findall(r"`((?:client|src|bindings|docs|include|tests|packaging|benches)/[\w./-]+)`|\]\(([\w./-]+)", contributing):
    path = "".join(place)
    expect((ROOT / path).exists(), f"CONTRIBUTING.md: there is no {path}")
for place in ("client/src/code.rs", "docs/errors.md", "tests/abi/layout.c", "tests/c/contract.c", "tests/abi/exports.txt",
              "docs/options.md", "client/src/config.rs", "src/ffi/config.rs", "tests/conformance/cases.json", "tests/suite.sh"):  # fmt: skip
    expect(place in contributing, f"CONTRIBUTING.md: it does not say that {place} is to be changed")

for what in wrong:
    print(f"not ok  {what}")
print(f"{passed} passed, {len(wrong)} failed")
sys.exit(bool(wrong))
