"""The application of the servers: its client is made, and has called, where it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from process import answer, check, new_client

client = new_client()
check(answer(client, "one", "subuser-00001") == "on", "no answer")
check(answer(client, "many", "subuser-00001") == "on", "no answer")


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer(client, query["kind"], query["name"]).encode()]
