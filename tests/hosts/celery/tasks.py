"""The workers' task: its client is made, and has called, before they are forked."""

from __future__ import annotations

import os

from celery import Celery
from process import answer, check, new_client

REDIS = f"redis+socket://{os.environ['REDIS']}"
app = Celery("tasks", broker=REDIS, backend=REDIS)
client = new_client()
check(answer(client, "one", "subuser-00001") == "on", "no answer")
check(answer(client, "many", "subuser-00001") == "on", "no answer")


@app.task
def ask(kind: str, name: str) -> str:
    return answer(client, kind, name)
