#!/usr/bin/env python3
"""Puts the documents together as one site, build/book/html, by mdBook; `make book` has made the references.

The pages are those of docs/SUMMARY.md, and keep their places in the tree, so that their links lead where they lead in
the checkout. What they link to beside each other is brought along: a picture as it is, any other file as a page, after
the last one, which the search leaves out. The header and the Rust library are in the book as their references.
"""

import re
import shutil
import subprocess
import sys
from os.path import normpath, relpath
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BOOK = TOP / "build/book"
REFERENCES = {
    "include/sg_open_tracking.h": ("reference/c", "sg__open__tracking_8h.html", TOP / "build/docs/c/html"),
    "client/src/lib.rs": ("reference/rust", "sg_open_tracking/index.html", TOP / "target/doc"),
}
LINK = re.compile(r"\]\(([^()#:\s]+)(#[^()\s]*)?\)")
CODE = re.compile(r"^(```|~~~).*?^\1$", re.MULTILINE | re.DOTALL)
LANGUAGES = {".c": "c", ".go": "go", ".py": "python", ".rs": "rust", ".txt": "text"}


def place(page: str, link: str) -> str:
    """The path from the top of what a page links to; a folder is its README."""
    path = normpath(Path(page).parent / link)
    return f"{path}/README.md" if (TOP / path).is_dir() else path


def for_the_book(page: str, text: str, sources: "set[str]") -> str:
    """The text of a page with its links as the book needs them; adds the files that are to be shown to sources."""

    def link(found: "re.Match[str]") -> str:
        target, anchor = place(page, found[1]), found[2] or ""
        if target in REFERENCES:
            folder, entry, _ = REFERENCES[target]
            target = f"{folder}/{entry}"
        elif target.endswith("README.md"):
            target = target.removesuffix("README.md") + "index.html"  # as mdBook names it
        elif target.endswith((".png", ".svg")):
            write(target, (TOP / target).read_bytes())
        elif not target.endswith(".md"):
            sources.add(target)
            target += ".md"
        return f"]({relpath(target, Path(page).parent)}{anchor})"

    code = [block.span() for block in CODE.finditer(text)]
    return LINK.sub(lambda at: at[0] if any(start <= at.start() < end for start, end in code) else link(at), text)


def write(path: str, content: bytes) -> None:
    file = BOOK / "src" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def main() -> int:
    shutil.rmtree(BOOK, ignore_errors=True)
    summary = LINK.sub(
        lambda found: f"]({place('docs/SUMMARY.md', found[1])})", (TOP / "docs/SUMMARY.md").read_text()
    )
    sources: "set[str]" = set()
    for page, _ in LINK.findall(summary):
        write(page, for_the_book(page, (TOP / page).read_text(), sources).encode())
    summary += "- [Files that the pages show]()\n"
    settings = (TOP / "docs/book.toml").read_text() + "\n[output.html.search.chapter]\n"
    for source in sorted(sources):
        summary += f"  - [{source}]({source}.md)\n"
        settings += f'"{source}.md" = {{ enable = false }}\n'
        language = LANGUAGES.get(Path(source).suffix, "sh")
        write(f"{source}.md", f"# {source}\n\n~~~~{language}\n{(TOP / source).read_text()}~~~~\n".encode())
    write("SUMMARY.md", summary.encode())
    (BOOK / "book.toml").write_text(settings)
    subprocess.run(["mdbook", "build", BOOK], check=True)
    for folder, entry, made in REFERENCES.values():
        shutil.copytree(made, BOOK / "html" / folder)
        start = BOOK / "html" / folder / "index.html"
        if not start.exists():  # rustdoc links to one, and makes none
            refresh = f'<meta http-equiv="refresh" content="0; url={entry}">'
            start.write_text(f'<!doctype html>{refresh}<a href="{entry}">{entry}</a>')
    return subprocess.run([sys.executable, TOP / "tests/links.py", BOOK / "html"]).returncode


if __name__ == "__main__":
    sys.exit(main())
