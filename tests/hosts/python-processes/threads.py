"""Threads of one process: load, calls for many beside it, and a stop amid calls; with or without the GIL."""

from __future__ import annotations

import itertools
import os
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from called import ask, client
from process import TIMEOUT, answer, check, descriptors, fall_silent, load, memory_kib, report

THREADS = 64
own = [os.getpid()]


def load_all(count: int) -> None:
    load(ask, count)
    with ThreadPoolExecutor(16) as threads:
        said = set(threads.map(ask, ["many"] * (count // 5), itertools.repeat("subuser-00001")))
    check(said == {"on"}, f"{said}")


load_all(300)  # what grows once has grown
before, opened = memory_kib(own), descriptors(own)
load_all(900)
after, open_now = memory_kib(own), descriptors(own)
check(after - before < 8 * 1024, f"the memory went from {before} to {after} KB")
check(open_now <= opened + 8, f"{opened} descriptors became {open_now}")
with ThreadPoolExecutor(THREADS) as threads:
    calls = fall_silent(lambda name: threads.submit(ask, "one", name), THREADS)
    start = time.monotonic()
    client.close()
    ended = {call.result() for call in calls}
    took = time.monotonic() - start
check(ended == {"CANCELLED"} and took < TIMEOUT, f"a stop that cuts calls off took {took} s: {ended}")
check(answer(client, "one", "subuser-00001") == "ARGUMENT", "the closed client takes a call")
gil = getattr(sys, "_is_gil_enabled", lambda: True)()
report(f"python-{'threads' if gil else 'free-threaded'}", platform.python_version(), before, after)
