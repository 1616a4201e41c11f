#!/usr/bin/env python3
"""Every link within a site leads to a file of it, and its anchor to an element: tests/links.py FOLDER

Lines of sources by rustdoc, such as #12-20, have no element of that name: a script marks them.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page links to, and what in it may be linked to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: "list[str]" = []
        self.anchors = {"", "top"}
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attributes: "list[tuple[str, str | None]]") -> None:
        for name, value in attributes:
            if name in ("href", "src"):
                self.links.append(value or "")
            elif name == "id" or (tag, name) == ("a", "name"):
                self.anchors.add(value or "")


def main(folder: str) -> int:
    top = Path(folder).resolve()
    pages = {file: Page(file) for file in sorted(top.rglob("*.html"))}
    links, dead = 0, []
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            links += 1
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            found = target.is_file() and target.is_relative_to(top)
            anchor = parts.fragment
            if target in pages and not re.fullmatch(r"[\d-]+", anchor):
                found = bool({anchor, unquote(anchor)} & pages[target].anchors)
            if not found:
                dead.append(f"not ok  {file.relative_to(top)}: {link}")
    print(*dead, f"{links - len(dead)} passed, {len(dead)} failed", sep="\n")
    return bool(dead) or not links


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
