"""Writes what the shipped library is made of: a CycloneDX bill of materials, and every licence.

    packaging/contents.py TARGET DIRECTORY

Into DIRECTORY go sg_open_tracking.cdx.json, validated against the schema of CycloneDX, and
LICENSE-THIRD-PARTY. They name what is linked into the library for TARGET and nothing else: the crates
that cargo tree shows without build scripts' and macros' own, the parts of Rust's standard library,
and the unwinder and compiler runtime of the linker. Debian's Rust has no notice of what is in the
standard library, but its source, which is what was built.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

import ziglang
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from third_party import texts_in

ROOT = Path(__file__).resolve().parent.parent
# Of the standard library's files: Rust's own crates; what no library links; and those that Rust's
# notice leaves out, so that their versions are not known.
OF_RUST = {
    *("alloc", "compiler_builtins", "core", "panic_abort", "panic_unwind", "std", "std_detect", "sysroot", "unwind"),
    *("rustc_std_workspace_alloc", "rustc_std_workspace_core", "rustc_std_workspace_std"),
}
NOT_LINKED = {"getopts", "proc_macro", "profiler_builtins", "rustc_literal_escaper", "test"}
UNNAMED = {
    "addr2line": "Apache-2.0 OR MIT",
    "adler2": "0BSD OR MIT OR Apache-2.0",
    "memchr": "Unlicense OR MIT",
    "miniz_oxide": "MIT OR Zlib OR Apache-2.0",
    "object": "Apache-2.0 OR MIT",
}


class Part(NamedTuple):
    name: str
    version: str
    licence: str  # as SPDX writes it
    url: str
    purl: PackageURL
    texts: dict[str, str]  # by the file's name
    sha256: str | None = None  # of the crate's archive
    needs: tuple[PackageURL, ...] = ()


def run(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout


def crates(target: str) -> tuple[Part, list[Part]]:
    """The library itself, and the crates that are linked into it."""
    tree = run("cargo", "tree", "--locked", "--package", "sg_open_tracking", "--target", target,
               "--edges", "normal,no-proc-macro", "--prefix", "depth", "--no-dedupe", "--format", "|{p}")
    needs: dict[PackageURL, set[PackageURL]] = {}
    above: list[PackageURL] = []
    for line in tree.splitlines():
        depth, package = line.split("|")
        name, version = package.split()[:2]
        purl = PackageURL("cargo", None, name, version.removeprefix("v"))
        needs.setdefault(purl, set())
        del above[int(depth) :]
        if above:
            needs[above[-1]].add(purl)
        above.append(purl)

    packages = json.loads(run("cargo", "metadata", "--locked", "--format-version", "1"))["packages"]
    sums: dict[tuple[str, str], str | None] = {}
    for block in (ROOT / "Cargo.lock").read_text().split("[[package]]")[1:]:
        fields = dict(re.findall(r'^(\w+) = "(.*)"$', block, re.MULTILINE))
        sums[fields["name"], fields["version"]] = fields.get("checksum")

    parts = []
    for package in sorted(packages, key=lambda package: package["name"]):
        name, version = package["name"], package["version"]
        purl = PackageURL("cargo", None, name, version)
        if purl in needs:
            texts = texts_in(Path(package["manifest_path"]).parent)
            url = package["repository"] or f"https://crates.io/crates/{name}"
            below = tuple(sorted(needs[purl]))
            parts.append(Part(name, version, package["license"], url, purl, texts, sums[name, version], below))
    if len(parts) != len(needs):
        sys.exit("contents.py: cargo tree and cargo metadata do not name the same crates")
    library = next(part for part in parts if part.name == "sg_open_tracking")
    return library, [part for part in parts if part is not library]


def std_of(release: str, texts: dict[str, str], parts: list[Part]) -> list[Part]:
    purl = PackageURL("generic", "rust-lang", "std", release)
    needs = tuple(sorted(part.purl for part in parts))
    std = Part("std", release, "MIT OR Apache-2.0", "https://github.com/rust-lang/rust", purl, texts, needs=needs)
    return [std, *parts]


def debian_standard_library(target: str, source: Path) -> list[Part]:
    """Rust's own, and the crates within it, by the source that Debian builds it from."""
    release = run("rustc", "--version").split()[1]
    texts = {"copyright": Path("/usr/share/doc/rust-web-src/copyright").read_text().strip()}
    texts["Apache-2.0"] = Path("/usr/share/common-licenses/Apache-2.0").read_text().strip()
    tree = run("cargo", "tree", "--locked", "--manifest-path", str(source / "library/std/Cargo.toml"),
               "--target", target, "--features", "panic-unwind,backtrace", "--edges", "normal,no-proc-macro",
               "--prefix", "none", "--no-dedupe", "--format", "{p}|{l}|{r}")
    parts = []
    for line in sorted(set(tree.splitlines())):
        package, licence, url = line.split("|")
        name, version = package.split()[:2]
        if name.replace("-", "_") not in OF_RUST:
            version = version.removeprefix("v")
            parts.append(Part(name, version, licence, url, PackageURL("cargo", None, name, version), texts))
    return std_of(release, texts, parts)


def standard_library(target: str) -> list[Part]:
    """Rust's own, and the crates within it."""
    sysroot = Path(run("rustc", "--print", "sysroot").strip())
    source = sysroot / "lib/rustlib/src/rust"
    if source.is_dir() and not (sysroot / "share/doc/rust").is_dir():
        return debian_standard_library(target, source)
    release = run("rustc", "--version").split()[1]
    libraries = (sysroot / "lib/rustlib" / target / "lib").glob("*.rlib")
    present = {re.sub(r"^lib(.*)-[0-9a-f]+\.rlib$", r"\1", path.name) for path in libraries}
    present -= OF_RUST | NOT_LINKED
    mit = (sysroot / "share/doc/rust/licenses/MIT.txt").read_text().strip()

    def plain(fragment: str) -> str:
        lines = html.unescape(re.sub(r"<[^>]+>", "", fragment)).splitlines()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()

    def within(name: str, version: str, licence: str, text: str) -> Part:
        purl = PackageURL("cargo", None, name, version)
        return Part(name, version, licence, f"https://crates.io/crates/{name}", purl, {"in Rust's notice": text})

    notice = (sysroot / "share/doc/rust/COPYRIGHT-library.html").read_text()
    own, *others = re.split(r"<h3>\W*(?=[a-z])", notice)
    parts = []
    for other in others:
        name, version = re.match(r"([\w-]+?)-(\d[^<]*)</h3>", other).groups()
        if name.replace("-", "_") in present:
            present.remove(name.replace("-", "_"))
            licence = html.unescape(re.search(r"<b>License:</b>\s*([^<]+)", other).group(1)).strip()
            texts = re.findall(r"<pre>(.*?)</pre>", other, re.DOTALL)
            parts.append(within(name, version, licence, "\n\n".join(map(plain, texts))))
    if present - UNNAMED.keys():
        sys.exit(f"contents.py: Rust {release} links {present - UNNAMED.keys()}: say above what it is")
    parts += [within(name, f"of-std-{release}", UNNAMED[name], mit) for name in sorted(present)]

    texts = {"COPYRIGHT-library.html": plain(own[own.index('<h2 id="short-version">') :]), "MIT": mit}
    for name in ("Apache-2.0", "Unicode-3.0"):
        texts[name] = (sysroot / f"share/doc/rust/licenses/{name}.txt").read_text().strip()
    return std_of(release, texts, parts)


def linker() -> list[Part]:
    """What zig links in: LLVM's unwinder, and a compiler runtime of its own."""
    directory = Path(ziglang.__file__).parent
    release = f"zig-{run(sys.executable, '-m', 'ziglang', 'version').strip()}"
    return [
        Part(name, release, licence, "https://ziglang.org", PackageURL("generic", vendor, name, release), texts_in(texts))
        for name, vendor, licence, texts in (
            ("libunwind", "llvm", "Apache-2.0 WITH LLVM-exception", directory / "lib/libunwind"),
            ("compiler-rt", "zig", "MIT", directory),
        )
    ]


def bill(library: Part, parts: list[Part]) -> str:
    expression = LicenseFactory().make_with_expression

    def component(part: Part) -> Component:
        return Component(
            name=part.name,
            version=part.version,
            type=ComponentType.LIBRARY,
            purl=part.purl,
            bom_ref=str(part.purl),
            licenses=[expression(part.licence.replace("/", " OR "))],  # as some write it still
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)] if part.sha256 else [],
            external_references=[ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(part.url))],
        )

    date = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
    components = {part.purl: component(part) for part in [library, *parts]}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, " ".join(sorted(map(str, components))))
    bom = Bom(serial_number=serial, components=[components[part.purl] for part in parts])
    bom.metadata.timestamp = date
    bom.metadata.component = components[library.purl]
    for part in [library, *parts]:
        bom.register_dependency(components[part.purl], [components[purl] for purl in part.needs])
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error:
        sys.exit(f"contents.py: the bill of materials is not valid: {error}")
    return text + "\n"


def licences(parts: list[Part]) -> str:
    lacking = [part.name for part in parts if not any(part.texts.values())]
    if lacking:
        sys.exit(f"contents.py: no licence is with {', '.join(lacking)}: find its text before this is shipped")
    holders: dict[str, list[str]] = {}  # each text once, under all that bear it
    for part in parts:
        for name, text in part.texts.items():
            holders.setdefault(text, []).append(f"{part.name} {part.version} ({name})")
    lines = ["libsg_open_tracking holds, in compiled form, the following works of others.", ""]
    lines += [f"{part.name} {part.version}: {part.licence} <{part.url}>" for part in parts]
    for text, works in holders.items():
        lines += ["", "=" * 78, *works, "=" * 78, "", text]
    return "\n".join(lines) + "\n"


def main() -> None:
    target, directory = sys.argv[1], Path(sys.argv[2])
    library, parts = crates(target)
    std, runtime = standard_library(target), linker()
    library = library._replace(needs=(*library.needs, std[0].purl, *(part.purl for part in runtime)))
    parts += std + runtime
    (directory / "sg_open_tracking.cdx.json").write_text(bill(library, parts))
    (directory / "LICENSE-THIRD-PARTY").write_text(licences(parts))
    print(f"{directory}: {len(parts)} works of others")


main()
