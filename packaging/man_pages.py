#!/usr/bin/env python3
"""Writes the man pages of section 3 from the header's comments.

    packaging/man_pages.py HEADER DIRECTORY

One page for functions that are understood together, and a link for each name in it. A function
that PAGES does not place has a page of its own.
"""

import os
import re
import sys
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = "libsg_open_tracking"

# The page, what it is about (None: its function's first sentence), and what else is on it.
PAGES = {
    "sg_open_tracking_update": (
        "switch open tracking on or off, or read it, in one call",
        ["sg_open_tracking_get"],
    ),
    "sg_config_new": ("options of a client", []),  # and all of sg_config_*
    "sg_client_new": ("make, derive and free a client", ["sg_client", "sg_client_derive", "sg_client_free"]),
    "sg_client_update": ("switch open tracking on or off, or read it", ["sg_client_get"]),
    "sg_client_update_many": (
        "switch open tracking on or off, or read it, for many subusers",
        ["sg_client_get_many", "sg_on_result"],
    ),
    "sg_client_cancel": ("cut off a client's calls", []),
    "sg_client_list_subusers": ("list the account's subusers", ["sg_on_subuser"]),
    "sg_version": ("the version of the library that is running", []),
    "sg_result": ("what became of a call", []),
    "sg_strerror": ("what a call ended with", ["sg_code", "sg_region"]),
}

COMMENT = r"/\*\*\n((?: \*(?!/).*\n)*) \*/\n"
FUNCTION = re.compile(COMMENT + r"((?:typedef )?(?:const )?(?:struct )?\w+ [*(]*(sg_\w+)\)?\([^;{]*\);)")
TYPE = re.compile(COMMENT + r"(typedef struct (sg_\w+)(?: \{\n(?:  .*\n)*\})?[^;\n]*;)")
ENUM = re.compile(COMMENT + r"(enum (sg_\w+)\n(?:#.*\n|  : int32_t\n)* \{\n(?:  .*\n)*\};)")
MEMBER = re.compile(r"  /\*\*\n((?:   \*(?!/).*\n)*)   \*/\n  ([^\n]*)[;,]")


class Entry:
    """One declaration with its comment."""

    def __init__(self, comment, declaration, name):
        self.name = name
        self.paragraphs = paragraphs(comment)
        self.members = MEMBER.findall(declaration)
        # Of an enum the values follow in the text; of a struct the members alone are left.
        self.declaration = (
            f"typedef int32_t {name};"
            if declaration.startswith("enum")
            else re.sub(r"  /\*\*.*?\*/\n", "", declaration, flags=re.S)
        )
        self.function = not declaration.startswith(("typedef", "enum"))


def paragraphs(comment):
    """The paragraphs of a comment, each a list of lines, without its stars."""
    lines = [re.sub(r"^ *\* ?", "", line) for line in comment.splitlines()]
    return [block.splitlines() for block in re.split(r"\n\s*\n", "\n".join(lines).strip("\n"))]


def entries(header):
    """All declarations by name, in the header's order."""
    found = []
    for pattern in (ENUM, TYPE, FUNCTION):
        for match in pattern.finditer(header):
            comment, declaration, name = match.group(1, 2, 3)
            found.append((match.start(), Entry(comment, declaration, name)))
    return {entry.name: entry for _, entry in sorted(found, key=lambda one: one[0])}


def escape(text):
    return text.replace("\\", "\\e").replace("-", "\\-")


def prose(text):
    """Running text: names in bold, and no line that roff would take for a request."""
    bold = r"\b(sg_\w+(?:\(\))?|SG_\w+|[A-Z]+_[A-Z_]+|NULL)(?!\w)"
    text = re.sub(bold, r"\\fB\1\\fR", " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-"))
    lines = textwrap.wrap(text, 80, break_on_hyphens=False, break_long_words=False)
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)


def items(lines, pattern=r"(\S+) {2,}(\S.*)"):
    """The items of a list, if these lines are one: a name, a gap, and what it is."""
    found = []
    for line in lines:
        if match := re.fullmatch(pattern, line):
            found.append([match[1], match[2]])
        elif found and line.startswith("   "):
            found[-1][1] += " " + line.strip()
        else:
            return []
    return found


def tagged(pairs):
    return [f".TP\n.B {escape(name)}\n{prose(text)}" for name, text in pairs]


def body(blocks):
    """The paragraphs in roff."""
    out = []
    for lines in blocks:
        if pairs := items(lines):
            out += tagged(pairs)
        else:
            out.append(".PP\n" + prose(" ".join(lines)))
    # A heading makes the first paragraph's space itself.
    if out:
        out[0] = out[0].removeprefix(".PP\n")
    return out


def members(entry):
    out = []
    for comment, declaration in entry.members:
        text = " ".join(re.sub(r"^ *\* ?", "", line) for line in comment.splitlines())
        out.append((declaration, text))
    return tagged(out)


def head(page, names, about, version, date):
    return [
        f'.TH {page.upper()} 3 {date} "{LIBRARY} {version}" "{LIBRARY}"',
        ".SH NAME",
        ",\n".join(names) + f" \\-\n{escape(about)}",
        ".SH LIBRARY",
        f"{LIBRARY} (\\-lsg_open_tracking)",
        ".SH SYNOPSIS",
        ".nf",
        ".B #include <sg_open_tracking.h>",
    ]


def page(name, about, shown, version, date):
    if about is None:
        about = re.split(r"[.:](?: |$)", " ".join(shown[0].paragraphs[0]))[0]
        about = about[0].lower() + about[1:]
    out = head(name, [entry.name for entry in shown], about, version, date)
    for entry in shown:
        declaration = escape(entry.declaration).replace("\n", "\\fR\n\\fB")
        out += [".PP", f"\\fB{declaration}\\fR"]
    out += [".fi", ".SH DESCRIPTION"]
    if len(shown) == 1:
        returns = [lines for lines in shown[0].paragraphs if lines[0].startswith("Returns ")]
        out += body([lines for lines in shown[0].paragraphs if lines not in returns]) + members(shown[0])
        if returns:
            out += [".SH RETURN VALUE", *body(returns)]
    else:
        for entry in shown:
            title = entry.name + ("()" if entry.function else "")
            out += [f".SS {title}", *body(entry.paragraphs), *members(entry)]
    out += [".SH SEE ALSO", ".BR sg_open_tracking (3)"]
    return "\n".join(out) + "\n"


def overview(header, pages, version, date):
    """sg_open_tracking(3): the conventions at the head of the header, and what there is."""
    top = re.match(r"/\*\n(.*?)\n \*/", header, re.S)[1]
    conventions = items(
        [line[2:] for line in re.search(r"\* Conventions\n \*\n(.*?)\n \*\n", top, re.S)[1].splitlines()],
        r" *(\S+) {2,}(\S.*)",
    )
    about = re.search(r"libsg_open_tracking: (.*)\.", top)[1]
    out = head("sg_open_tracking", ["sg_open_tracking"], about, version, date)
    out += [".fi", ".SH DESCRIPTION", "The functions of the library, by their pages:"]
    out += [f".TP\n.BR {name} (3)\n{prose(about)}" for name, about in pages]
    out += [".SH CONVENTIONS", *tagged(conventions)]
    out += [".SH SEE ALSO", ".BR sg\\-open\\-tracking (1)"]
    return "\n".join(out) + "\n"


def release():
    """The version, which stands in Cargo.toml, and the day: that of the build, or its release."""
    version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    day = re.search(rf"^## \[{re.escape(version)}\] - (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    return version, day[1] if day else time.strftime("%Y-%m-%d", time.gmtime(seconds))


def main():
    header, directory = Path(sys.argv[1]).read_text(), Path(sys.argv[2])
    version, date = release()
    known = entries(header)
    plan = {name: [name, *more] for name, (_, more) in PAGES.items()}
    plan["sg_config_new"] += [
        "sg_config",
        *(n for n in known if n.startswith("sg_config_") and n != "sg_config_new"),
    ]
    placed = {name for names in plan.values() for name in names}
    plan |= {name: [name] for name in known if name not in placed}

    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("*.3"):
        old.unlink()
    index = []
    for name in sorted(plan, key=list(known).index):
        shown = [known[member] for member in plan[name]]
        text = page(name, PAGES.get(name, (None, []))[0], shown, version, date)
        about = re.search(r" \\-\n(.*)", text)[1].replace("\\-", "-")
        index.append((name, about))
        (directory / f"{name}.3").write_text(text)
        for member in plan[name][1:]:
            (directory / f"{member}.3").symlink_to(f"{name}.3")
    (directory / "sg_open_tracking.3").write_text(overview(header, index, version, date))


if __name__ == "__main__":
    main()
