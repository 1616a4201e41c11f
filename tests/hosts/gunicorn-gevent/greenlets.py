"""Calls in greenlets, and in threads beside them: of gevent or of eventlet, which patch everything before
the binding is imported, or after that.

greenlets.py gevent|gevent-late|eventlet|eventlet-late
"""

from __future__ import annotations

import importlib
import logging
import sys
import time
from typing import Any, Callable

name, _, late = sys.argv[1].partition("-")
if late:
    import sg_open_tracking  # noqa: F401
if name == "gevent":
    from gevent import monkey

    monkey.patch_all()
    gevent = importlib.import_module("gevent")
    spawn, sleep = gevent.spawn, gevent.sleep
    threads = importlib.import_module("gevent.threadpool").ThreadPoolExecutor(64)

    def beside(call: Callable[[], Any]) -> Any:
        return threads.submit(call).result()

    def wait(greenlet: Any) -> Any:
        return greenlet.get()
else:
    eventlet = importlib.import_module("eventlet")
    eventlet.monkey_patch()
    spawn, sleep = eventlet.spawn, eventlet.sleep
    beside = importlib.import_module("eventlet.tpool").execute

    def wait(greenlet: Any) -> Any:
        return greenlet.wait()


from process import check, new_client  # noqa: E402
from sg_open_tracking import CallTimeoutError, Client  # noqa: E402

NAMES = [f"subuser-{number % 25 + 1:05}" for number in range(300)]
client = new_client()
logging.basicConfig(filename="/dev/null", level=logging.DEBUG)
with_log = new_client()  # for greenlets alone: threads hang at the locks that logging has now


def fleet(client: Client = client) -> None:
    """Each is done once, and other greenlets may run between two of them."""
    seen = []
    for item in client.get_many(NAMES):
        seen.append(item.index)
        sleep(0)
    check(sorted(seen) == list(range(300)), f"{len(seen)} items of 300")


def ticks_during(call: Callable[[], object]) -> int:
    """How often another greenlet had its turn meanwhile."""
    count = 0

    def tick() -> None:
        nonlocal count
        while not over:
            count += 1
            sleep(0.01)

    over = False
    ticking = spawn(tick)
    sleep(0)
    call()
    over = True
    wait(ticking)
    return count


def timed_out() -> bool:
    try:
        with client.derive(timeout=0.2) as hasty:
            hasty.get(on_behalf_of="fault-silent")
    except CallTimeoutError:
        return True
    return False


for _ in range(5):
    fleet()
for greenlet in [spawn(fleet, with_log) for _ in range(4)]:
    wait(greenlet)
for greenlet in [spawn(beside, fleet) for _ in range(4)]:
    wait(greenlet)
check(wait(spawn(timed_out)) and wait(spawn(beside, timed_out)), "no timeout")

held_up = ticks_during(lambda: client.get(on_behalf_of="fault-delay-500"))
free = ticks_during(lambda: beside(lambda: client.get(on_behalf_of="fault-delay-500")))
check(held_up <= 2, f"a call in a greenlet leaves the hub free: {held_up} ticks")
check(free > 10, f"a call in a thread holds the hub up: {free} ticks")

start = time.monotonic()
for greenlet in [spawn(beside, lambda: client.get(on_behalf_of="fault-delay-200")) for _ in range(40)]:
    wait(greenlet)
took = time.monotonic() - start
print(f"{name}: {free} ticks of 10 ms in a call of 500 ms; 40 calls of 200 ms took {took:.1f} s")
client.close()
