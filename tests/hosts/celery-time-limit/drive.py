"""A worker with one process, whose tasks exceed their time, again and again."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import celery
from process import check, children, family, kill, load, memory_kib, report, stop, wait_until
from redis_server import folder, redis
from tasks import ask as task
from tasks import exceed, patient


def ask(kind: str, name: str) -> str:
    return str(task.delay(kind, name).get(timeout=60))


def drive(worker: subprocess.Popen[bytes]) -> None:
    wait_until("the pool runs", lambda: len(children(worker.pid)) == 1)
    load(ask, 100)  # what grows once has grown
    before = memory_kib(family(worker.pid))
    ended = [exceed.delay(kind).get(timeout=60) for kind in ("one", "many") * 3]
    load(ask, 100)
    after = memory_kib(family(worker.pid))
    late = max(end["late"] for end in ended)
    check(len({end["pid"] for end in ended}) == 1, "the process did not live on")
    check(late < 0.5, f"a call went on for {late:.1f} s")
    check(ended[-1]["descriptors"] <= ended[0]["descriptors"] + 2, f"descriptors grow: {ended}")
    check(after - before < 8 * 1024, f"the memory went from {before} to {after} KB")
    print(f"6 soft limits: the calls went on for {late * 1000:.1f} ms at the most")
    stop(worker, signal.SIGTERM)
    report("celery-time-limit", celery.__version__, before, after)


command = ["celery", "--app", "tasks", "--workdir", "tests/hosts/celery-time-limit", "worker"]
command += ["--pool", "prefork", "--concurrency", "1"]
log = Path(folder, "log")
with redis(), log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as worker:
    try:
        drive(worker)
    except BaseException:
        print(log.read_text())
        raise
    finally:
        kill(worker)
        patient.close()
