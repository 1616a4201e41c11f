"""An application whose client lives as long as it does."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from typing import Any
from urllib.parse import parse_qsl

from process import TIMEOUT
from sg_open_tracking import AsyncClient, OpenTrackingError

client: AsyncClient


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    query = dict(parse_qsl(scope["query_string"].decode()))
    answered = await (burst() if query["kind"] == "burst" else answer(query["kind"], query["name"]))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answered.encode()})


async def live(receive: Any, send: Any) -> None:
    global client
    await receive()
    async with AsyncClient(os.environ["SENDGRID_API_KEY"], timeout=TIMEOUT, max_retries=1) as client:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def answer(kind: str, name: str) -> str:
    """As tests/hosts/process.py has it."""
    try:
        if kind == "many":
            items = [item async for item in client.get_many([name] * 3)]
            return "on" if [item.error for item in items] == [None] * 3 else "off"
        if kind == "brief":
            async with client.derive(timeout=0.3) as hasty:
                result = await hasty.get(on_behalf_of=name)
        else:
            result = await client.get(on_behalf_of=name)
        return "on" if result.enabled else "off"
    except OpenTrackingError as error:
        return error.code.name


async def burst() -> str:
    """500 calls of 0.1 s at once, and what else the program does meanwhile."""
    loop = asyncio.get_running_loop()
    start = time.monotonic()
    calls = asyncio.gather(*(answer("one", "fault-delay-100") for _ in range(500)))
    lookup = turn = 0.0
    threads = 0
    while not calls.done():
        began = time.monotonic()
        await loop.getaddrinfo("localhost", 443)
        lookup = max(lookup, time.monotonic() - began)
        began = time.monotonic()
        await asyncio.sleep(0)
        turn = max(turn, time.monotonic() - began)
        threads = max(threads, sum(thread.name.startswith("sg_") for thread in threading.enumerate()))
        await asyncio.sleep(0.01)
    took = time.monotonic() - start
    answers = sorted(set(await calls))
    return json.dumps({"answers": answers, "took": took, "lookup": lookup, "turn": turn, "threads": threads})
