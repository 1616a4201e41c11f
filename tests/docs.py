"""Runs the snippets of the Markdown files that are given, each as it stands beside a sandbox of its own.

The blocks of one file share a directory, which looks like the top of the checkout, and one of c,
python or sh is run as it stands. One of C without a main(), or of Python without an
import, is a fragment: it has a `client`, and the `key` that the client was made with. A comment
before the block may say what must come of it or that another test runs it:

    <!-- prints: LINE -->    the output has this line
    <!-- exit: 1 -->         the exit code, if it is not 0
    <!-- file: NAME -->      it is also kept under this name, for the blocks below it
    <!-- by: tests/x.sh -->  that test runs it

A block of any other language must be run by another test; one without a language, or of text, is
not run. Takes the programs from SG_OPEN_TRACKING_LIBRARY, SG_OPEN_TRACKING_SANDBOX and PATH.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LIBRARY = Path(os.environ["SG_OPEN_TRACKING_LIBRARY"]).resolve()
BLOCK = re.compile(r"((?:^<!-- [^\n]* -->\n)*)^(```|~~~)(\w*)\n(.*?)^\2$", re.MULTILINE | re.DOTALL)
MARKS = ("prints", "exit", "file", "by")
MARK = re.compile(rf"^<!-- ({'|'.join(MARKS)}): (.*) -->$", re.MULTILINE)

C_FRAGMENT = """\
#include <sg_open_tracking.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
    const char *key = getenv("SENDGRID_API_KEY");
    sg_client *client;
    if (sg_client_new(key, SG_REGION_GLOBAL, NULL, &client) != SG_OK)
        return 2;
%s
    sg_client_free(client);
    return 0;
}
"""
PYTHON_FRAGMENT = """\
import os
from sg_open_tracking import *
key = os.environ["SENDGRID_API_KEY"]
client = Client(key)
"""
IN_SANDBOX = """
export SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE SENDGRID_API_KEY=$SANDBOX_KEY
cd "$1"
shift
exec "$@"
"""


def commands(language: str, text: str, where: Path) -> "list[list[str]]":
    """What builds the snippet, where it has to be, and what runs it."""
    file = where / f"snippet.{language}"
    file.write_text(text)
    if language == "c":
        if "int main(" not in text:
            file.write_text(C_FRAGMENT % text)
        program = str(where / "snippet")
        strict = ["-Wall", "-Wextra", "-Wno-misleading-indentation", "-Werror", f"-I{TOP}/include"]
        link = [f"-L{LIBRARY.parent}", "-lsg_open_tracking", f"-Wl,-rpath,{LIBRARY.parent}", "-pthread"]
        return [[os.environ.get("CC", "cc"), "-o", program, str(file), *strict, *link], [program]]
    if language == "python":
        if not re.search(r"^(import|from) ", text, re.MULTILINE):
            file.write_text(PYTHON_FRAGMENT + text)
        return [[sys.executable, str(file)]]
    return [["bash", "-eu", str(file)]]


def run(language: str, text: str, where: Path, prints: "list[str]", code: int) -> "str | None":
    """What is wrong with the snippet."""
    environment = {**os.environ, "PYTHONPATH": f"{TOP}/bindings/python/src", "PYTHONDONTWRITEBYTECODE": "1"}
    *build, last = commands(language, text, where)
    in_sandbox = [f"{TOP}/tests/with_sandbox.sh", "bash", "-c", IN_SANDBOX, "-", str(where)]
    for command, expected in [*((command, 0) for command in build), ([*in_sandbox, *last], code)]:
        output, ended = run_alone(command, environment)
        if ended != expected:
            return f"{output}exit code {ended}, not {expected}"
    missing = [line for line in prints if line not in output.splitlines()]
    return f"{output}no line {missing[0]!r}" if missing else None


def run_alone(command: "list[str]", environment: "dict[str, str]") -> "tuple[str, int]":
    """What a command prints, and its exit code. What it leaves behind is ended with it."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=TOP,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            code = -signal.SIGALRM
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        output.seek(0)
        return output.read(), code


def judge(language: str, text: str, where: Path, said: "dict[str, list[str]]") -> "str | None":
    """What is wrong with the block, by what the comments above it say."""
    if said["by"]:
        return None if Path(TOP, said["by"][0]).is_file() else f"there is no {said['by'][0]}"
    if language not in ("c", "python", "sh"):
        return f"nothing here runs {language}: say which test does, by a comment"
    if said["file"]:
        Path(where, said["file"][0]).write_text(text)
    return run(language, text, where, said["prints"], int((said["exit"] or ["0"])[0]))


def main(paths: "list[str]") -> int:
    passed = failed = 0
    for path in paths:
        with tempfile.TemporaryDirectory() as directory:
            for name in ("Makefile", "bindings", "include", "target"):
                Path(directory, name).symlink_to(TOP / name)
            text = Path(path).read_text()
            for block in BLOCK.finditer(text):
                above, _, language, snippet = block.groups()
                if language in ("", "text"):
                    continue
                marks = MARK.findall(above)
                said = {name: [value for mark, value in marks if mark == name] for name in MARKS}
                problem = judge(language, snippet, Path(directory), said)
                passed, failed = passed + (not problem), failed + bool(problem)
                line = text.count("\n", 0, block.start(2)) + 1
                by = f", by {said['by'][0]}" if said["by"] else ""
                print(f"{problem}\nnot ok " if problem else "ok     ", f"{path}:{line} ({language}{by})", flush=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
