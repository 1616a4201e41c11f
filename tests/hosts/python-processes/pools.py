"""Pools of processes, begun in each of the three ways: load, a stop amid calls, new processes amid calls."""

from __future__ import annotations

import multiprocessing
import os
import platform
import time

import called
from process import (
    TIMEOUT,
    answer,
    check,
    descriptors,
    fall_silent,
    family,
    load,
    loading,
    memory_kib,
    report,
)

PROCESSES = 2


def drive(method: str) -> None:
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload(["called"])
    with context.Pool(PROCESSES) as pool:

        def ask(kind: str, name: str) -> str:
            return pool.apply(called.ask, (kind, name))

        try:
            pool.apply(answer, (called.client, "one", "subuser-00001"))
        except TypeError as refused:
            check("can't be copied or pickled" in str(refused), str(refused))
        else:
            check(False, "a client was handed over")
        load(ask, 45)  # what grows once has grown
        before, opened = memory_kib(family(os.getpid())), descriptors(family(os.getpid()))
        load(ask, 120)
        after, open_now = memory_kib(family(os.getpid())), descriptors(family(os.getpid()))
        check(after - before < 8 * 1024, f"the memory went from {before} to {after} KB")
        check(open_now <= opened + 8, f"{opened} descriptors became {open_now}")
        fall_silent(lambda name: pool.apply_async(called.ask, ("one", name)), PROCESSES)
        start = time.monotonic()
        pool.terminate()
        pool.join()
        took = time.monotonic() - start
        check(took < TIMEOUT and not multiprocessing.active_children(), f"the pool took {took} s to end")
    # Each new process is begun amid calls of this one.
    with loading(called.ask), context.Pool(PROCESSES, maxtasksperchild=20) as pool:
        load(ask, 45)
        pool.close()
        pool.join()
    report(f"multiprocessing-{method}", platform.python_version(), before, after)


if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        drive(method)
