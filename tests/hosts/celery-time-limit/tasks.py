"""Tasks that have one second, for calls that may take 30."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded
from process import answer, new_client
from sg_open_tracking import Client

REDIS = f"redis+socket://{os.environ['REDIS']}"
app = Celery("tasks", broker=REDIS, backend=REDIS)
client = new_client()
patient = Client(os.environ["SENDGRID_API_KEY"], timeout=30)


@app.task
def ask(kind: str, name: str) -> str:
    return answer(client, kind, name)


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
