"""For the hosts of Python: load on the binding, what processes have, and the line that says how it went."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from sg_open_tracking import Client, Code, OpenTrackingError

T = TypeVar("T")
TIMEOUT = 4  # of a call, in seconds

_lock = threading.Lock()
_took: list[float] = []
_failures = 0


def check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def wait_until(what: str, holds: Callable[[], object], seconds: float = 60) -> None:
    """For what the kernel and the sandbox tell when they are asked, and not before."""
    end = time.monotonic() + seconds
    while not holds():
        check(time.monotonic() < end, f"it did not happen within {seconds} s: {what}")
        time.sleep(0.02)


# Calls.


def new_client(timeout: float = TIMEOUT) -> Client:
    return Client(os.environ["SENDGRID_API_KEY"], timeout=timeout, max_retries=1)


def answer(client: Client, kind: str, name: str) -> str:
    """What a call of that kind comes to: on, off, or the code of its error."""
    try:
        if kind == "many":
            items = list(client.get_many([name] * 3))
            if failed := [item.error for item in items if item.error]:
                raise failed[0]
            check(len(items) == 3, f"{len(items)} of 3 items")
            return "on"
        if kind == "brief":
            with client.derive(timeout=0.3) as hasty:
                result = hasty.get(on_behalf_of=name)
        else:
            result = client.get(on_behalf_of=name)
        return "on" if result.enabled else "off"
    except OpenTrackingError as error:
        return Code(error.code).name


def load(ask: Callable[[str, str], str], count: int, over: Callable[[], bool] = lambda: False) -> None:
    """Asks for answers by 8 threads, so many times or until it is over; each has to be the right one."""
    numbers = itertools.count()

    def ask_on() -> None:
        while not over() and (number := next(numbers)) < count:
            ask_one(ask, number)

    with ThreadPoolExecutor(8) as threads:
        for asking in [threads.submit(ask_on) for _ in range(8)]:
            asking.result()


@contextlib.contextmanager
def loading(ask: Callable[[str, str], str]) -> Iterator[None]:
    """Load for as long as the block runs."""
    over = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(load, ask, sys.maxsize, over.is_set)
        try:
            yield
        finally:
            over.set()
        asking.result()


def ask_one(ask: Callable[[str, str], str], number: int) -> None:
    global _failures
    refused = 429 if number % 300 == 0 else 503  # a 429 holds the calls for many back, so there are few
    kind, name, expected = {
        0: ("one", f"fault-once-{refused}-{uuid4()}", "on"),
        3: ("one", "nobody", "NOT_FOUND"),
        6: ("brief", "fault-silent", "TIMEOUT"),
        9: ("many", "subuser-00001", "on"),
    }.get(number % 15, ("one", f"subuser-{number % 25 + 1:05}", "on"))
    start = time.monotonic()
    got = ask(kind, name)
    with _lock:
        _took.append(time.monotonic() - start)
        _failures += got != "on"
    check(got == expected, f"{name} ({kind}): {got}, not {expected}")


def fall_silent(begin: Callable[[str], T], count: int) -> list[T]:
    """Begins calls that are never answered, and waits until they are all under way."""
    names = {f"fault-once-silent-{uuid4()}" for _ in range(count)}
    begun = [begin(name) for name in names]
    wait_until("the calls are under way", lambda: names <= _asked_for())
    return begun


def _asked_for() -> set[str]:
    """The names in the requests that the sandbox has had."""
    request = urllib.request.Request(f"{os.environ['SG_OPEN_TRACKING_BASE_URL']}/_sandbox/requests")
    with urllib.request.urlopen(request, context=ssl.create_default_context()) as response:
        return {request["on_behalf_of"] for request in json.load(response)}


# Processes.


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    return [pid, *(kin for child in children(pid) for kin in family(child))]


def children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # it ended meanwhile
        return []


def memory_kib(pids: list[int]) -> int:
    """That is theirs alone; of the pages that they share with each other, each has its part."""
    lines = (line for pid in pids for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:"))


def stop(process: subprocess.Popen[bytes], how: signal.Signals) -> float:
    """The seconds that it took; nothing is left of it."""
    processes = family(process.pid)
    start = time.monotonic()
    process.send_signal(how)
    check(process.wait(60) in (0, -how), f"it ended with {process.returncode}")
    took = time.monotonic() - start
    left = [pid for pid in processes if Path(f"/proc/{pid}").exists()]
    check(not left, f"these are left of it: {left}")
    return took


def kill(process: subprocess.Popen[bytes]) -> None:
    for pid in family(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def descriptors(pids: list[int]) -> int:
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


def report(host: str, version: str, before: int, after: int) -> None:
    """Of the load since the last report."""
    global _failures
    took = sorted(_took)
    p99 = took[len(took) * 99 // 100] * 1000
    did = f"requests={len(took)} failures={_failures} p99={p99:.1f}ms"
    print(f"{host} {version}: {did} memory={before}..{after}KB")
    _took.clear()
    _failures = 0
