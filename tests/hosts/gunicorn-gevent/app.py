"""The application of the servers, for gevent: calls go to threads, and leave the hub to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from called import ask
from gevent.threadpool import ThreadPoolExecutor

threads = ThreadPoolExecutor(64)


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    call = partial(ask, query["kind"], query["name"])
    # Those for many are made right here: that holds the hub up, and must do no other harm.
    answered = call() if query["kind"] == "many" else threads.submit(call).result()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answered.encode()]
