"""A Redis of a test's own, at the socket that REDIS names."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from process import kill, wait_until

folder = tempfile.mkdtemp()
os.environ["REDIS"] = f"{folder}/redis"


@contextlib.contextmanager
def redis() -> Iterator[None]:
    command = [
        "redis-server",
        "--port",
        "0",
        "--unixsocket",
        os.environ["REDIS"],
        "--save",
        "",
        "--dir",
        folder,
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until("redis listens", Path(os.environ["REDIS"]).exists)
            yield
        finally:
            kill(process)
