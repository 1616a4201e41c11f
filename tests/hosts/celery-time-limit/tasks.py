"""Tasks that have one second, for calls that may take 30."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import called
from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded
from process import new_client

REDIS = f"redis+socket://{os.environ['REDIS']}"
app = Celery("tasks", broker=REDIS, backend=REDIS)
ask = app.task(called.ask, name="ask")
patient = new_client(timeout=30)


@app.task(soft_time_limit=1)
def exceed(kind: str) -> dict[str, Any]:
    """How long a call that is never answered goes on after the limit's signal."""
    struck = 0.0

    def strike(*arguments: Any) -> None:
        nonlocal struck
        struck = time.monotonic()
        of_celery(*arguments)

    of_celery: Any = signal.signal(signal.SIGUSR1, strike)
    try:
        if kind == "many":
            list(patient.get_many(["fault-silent"]))
        else:
            patient.get(on_behalf_of="fault-silent")
    except SoftTimeLimitExceeded:
        late = time.monotonic() - struck
    finally:
        signal.signal(signal.SIGUSR1, of_celery)
    return {"pid": os.getpid(), "late": late, "descriptors": len(os.listdir("/proc/self/fd"))}
