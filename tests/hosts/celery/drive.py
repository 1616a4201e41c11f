"""A worker that forks its pool: load, a restart under load, tasks that are killed, and stops amid calls."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import celery
from process import (
    TIMEOUT,
    check,
    children,
    descriptors,
    fall_silent,
    family,
    kill,
    load,
    loading,
    memory_kib,
    report,
    stop,
    wait_until,
)
from redis_server import folder, redis
from tasks import ask as task

POOL = 2


@contextlib.contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    command = ["celery", "--app", "tasks", "--workdir", "tests/hosts/celery", "worker"]
    command += ["--pool", "prefork", "--concurrency", str(POOL), "--hostname", str(uuid4())]
    with open(f"{folder}/log", "a") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_until("the pool runs", lambda: len(children(process.pid)) == POOL)
            yield process
        finally:
            kill(process)


def ask(kind: str, name: str) -> str:
    return str(task.delay(kind, name).get(timeout=60))


def begin(name: str) -> celery.result.AsyncResult[str]:
    return task.delay("one", name)


def drive() -> None:
    with worker() as old:
        load(ask, 150)  # what grows once has grown
        before, opened = memory_kib(family(old.pid)), descriptors(family(old.pid))
        load(ask, 400)
        after, open_now = memory_kib(family(old.pid)), descriptors(family(old.pid))
        check(after - before < 8 * 1024, f"the memory went from {before} to {after} KB")
        check(open_now <= opened + 8, f"{opened} descriptors became {open_now}")
        with worker() as new:
            with loading(ask):
                stop(old, signal.SIGTERM)
            for call in fall_silent(begin, POOL):
                call.revoke(terminate=True)
            load(ask, 50)  # by processes that were forked anew
            asking = fall_silent(begin, POOL)
            took = stop(new, signal.SIGTERM)
            check([call.get() for call in asking] == ["TIMEOUT"] * POOL, "a stop cut calls off")
            print(f"stopped by SIGTERM in {took:.1f} s, when calls had ended")
    with worker() as last:
        load(ask, 50)
        fall_silent(begin, POOL)
        took = stop(last, signal.SIGQUIT)
        check(took < TIMEOUT, f"a stop that cuts calls off took {took} s")
        print(f"stopped by SIGQUIT in {took:.1f} s, in the midst of calls")
    report("celery", celery.__version__, before, after)


try:
    with redis():
        drive()
except BaseException:
    print(Path(f"{folder}/log").read_text())
    raise
