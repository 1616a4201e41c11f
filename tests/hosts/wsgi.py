"""The application of the servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from called import ask


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [ask(query["kind"], query["name"]).encode()]
