"""The asynchronous calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from conftest import Sandbox

import sg_open_tracking as sg
from sg_open_tracking import Client


def test_round_trip(client: Client) -> None:
    async def round_trip() -> None:
        for enabled in (False, True):
            assert (await client.aupdate(enabled, on_behalf_of="subuser-00009")).enabled is enabled
            assert (await client.aget(on_behalf_of="subuser-00009")).enabled is enabled

    asyncio.run(round_trip())


def test_the_loop_goes_on_during_calls(client: Client) -> None:
    async def both() -> float:
        start = time.monotonic()
        await asyncio.gather(*(client.aget(on_behalf_of="fault-delay-500") for _ in range(4)))
        return time.monotonic() - start

    assert asyncio.run(both()) < 1.5


def test_cancelling_the_task_cuts_off_its_call_and_no_other(client: Client) -> None:
    async def run() -> None:
        silent = asyncio.create_task(client.aget(on_behalf_of="fault-silent"))
        other = asyncio.create_task(client.aget(on_behalf_of="fault-delay-500"))
        await asyncio.sleep(0.2)
        silent.cancel()
        with pytest.raises(asyncio.CancelledError):
            await silent
        assert (await other).http_status == 200

    start = time.monotonic()
    asyncio.run(run())  # which waits for every thread: the silent call has ended too
    assert time.monotonic() - start < 3
    assert client.get().http_status == 200


def test_wait_for(client: Client) -> None:
    async def run() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.aupdate(True, on_behalf_of="fault-silent"), 0.2)

    start = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_the_clients_own_end_reaches_its_asynchronous_calls(sandbox: Sandbox, end: str) -> None:
    async def run() -> None:
        client = sandbox.client(timeout=10)
        silent = asyncio.create_task(client.aget(on_behalf_of="fault-silent"))
        await asyncio.sleep(0.2)
        getattr(client, end)()
        with pytest.raises(sg.CancelledError):
            await silent
        with pytest.raises(sg.CancelledError if end == "cancel" else sg.ClosedError):
            await client.aget()

    start = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - start < 3


def test_errors_arrive(client: Client) -> None:
    calls: list[Coroutine[Any, Any, object]] = [
        client.aget(on_behalf_of="fault-status-404"),
        client.aupdate(True, on_behalf_of="fault-status-404"),
    ]
    for call in calls:
        with pytest.raises(sg.NotFound):
            asyncio.run(call)
