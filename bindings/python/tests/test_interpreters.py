"""Isolated subinterpreters: the package works in them, or says why not."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import Sandbox

IN_EACH = """
import os
import sg_open_tracking as sg
client = sg.Client(os.environ["SENDGRID_API_KEY"])
print(client.update(True).enabled)
try:
    print(len(list(client.get_many(["subuser-00001"] * 300))))
    left = iter(client.get_many(["subuser-00001"] * 1_000))
    next(left)
except RuntimeError as error:
    print(error)
"""

PROGRAM = f"""
try:
    import _interpreters
except ImportError:
    import _xxsubinterpreters as _interpreters
    create, run = (lambda: _interpreters.create(isolated=True)), _interpreters.run_string
else:
    create, run = (lambda: _interpreters.create("isolated")), _interpreters.exec
for _ in range(3):
    made = create()
    failure = run(made, {IN_EACH!r})
    assert failure is None, failure
    _interpreters.destroy(made)
"""

REFUSED = (
    "the call needs a thread of its own, and this interpreter starts none:"
    " thread is not supported for isolated subinterpreters."
    " In the main thread, calls for one account need none"
)


@pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="ctypes itself refuses them there")
def test_isolated_subinterpreters(sandbox: Sandbox) -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=sandbox.environment(), capture_output=True, text=True, check=False)
    many = "300" if sys.version_info >= (3, 13) else REFUSED
    assert (done.returncode, done.stdout) == (0, f"True\n{many}\n" * 3), done.stderr
