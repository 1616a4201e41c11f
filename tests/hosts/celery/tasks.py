"""The task of the workers."""

import os

import called
from celery import Celery

REDIS = f"redis+socket://{os.environ['REDIS']}"
app = Celery("tasks", broker=REDIS, backend=REDIS)
ask = app.task(called.ask, name="ask")
