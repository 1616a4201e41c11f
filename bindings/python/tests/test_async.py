"""The asynchronous client."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from typing import Any, Callable

import pytest
from conftest import Sandbox

import sg_open_tracking as sg
from sg_open_tracking import AsyncClient


def run(sandbox: Sandbox, use: Callable[[AsyncClient], Coroutine[Any, Any, None]], **options: Any) -> float:
    """Runs a coroutine with a client; returns how long it took, in seconds."""

    async def main() -> None:
        async with sandbox.async_client(**{"timeout": 10, **options}) as client:
            await use(client)

    start = time.monotonic()
    asyncio.run(main())
    return time.monotonic() - start


def test_round_trip(sandbox: Sandbox) -> None:
    async def use(client: AsyncClient) -> None:
        for enabled in (False, True):
            assert (await client.update(enabled, on_behalf_of="subuser-00009")).enabled is enabled
            assert (await client.get(on_behalf_of="subuser-00009")).enabled is enabled
            async with client.derive(timeout=5) as derived:
                assert (await derived.get(on_behalf_of="subuser-00009")).enabled is enabled
        assert [name async for name in client.list_subusers()]

    run(sandbox, use)


def test_names_may_be_asynchronous(sandbox: Sandbox) -> None:
    async def use(client: AsyncClient) -> None:
        items = [item async for item in client.update_many(True, client.list_subusers())]
        assert sorted(item.index for item in items) == list(range(25))
        assert all(item.error is None for item in items)

    run(sandbox, use)


def test_the_loop_goes_on_during_calls(sandbox: Sandbox) -> None:
    async def use(client: AsyncClient) -> None:
        await asyncio.gather(*(client.get(on_behalf_of="fault-delay-500") for _ in range(4)))

    assert run(sandbox, use) < 1.5


def test_cancelling_the_task_cuts_off_its_call_and_no_other(sandbox: Sandbox) -> None:
    async def use(client: AsyncClient) -> None:
        silent = asyncio.create_task(client.get(on_behalf_of="fault-silent"))
        other = asyncio.create_task(client.get(on_behalf_of="fault-delay-500"))
        await client.get(on_behalf_of="fault-delay-100")
        silent.cancel()
        with pytest.raises(asyncio.CancelledError):
            await silent
        assert (await other).http_status == 200
        assert (await client.get()).http_status == 200

    assert run(sandbox, use) < 3


def test_wait_for(sandbox: Sandbox) -> None:
    async def use(client: AsyncClient) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.update(True, on_behalf_of="fault-silent"), 0.2)

    assert run(sandbox, use) < 3


def test_timeout(sandbox: Sandbox) -> None:
    async def use(client: AsyncClient) -> None:
        with pytest.raises(sg.CallTimeoutError) as caught:
            await client.get(on_behalf_of="fault-silent")
        assert caught.value.attempts == 1
        assert 0.2 < caught.value.elapsed < 1

    run(sandbox, use, timeout=0.3)


@pytest.mark.parametrize("end", ["cancel", "close"])
@pytest.mark.parametrize("max_threads", [1, 2])  # the second call waits for a thread, or it does not
def test_the_clients_own_end_reaches_its_calls(sandbox: Sandbox, end: str, max_threads: int) -> None:
    async def use(client: AsyncClient) -> None:
        silent = [asyncio.create_task(client.get(on_behalf_of="fault-silent")) for _ in range(2)]
        await asyncio.wait(silent, timeout=0.2)
        if end == "cancel":
            client.cancel()
        else:
            await client.aclose()
        for call in silent:
            with pytest.raises(sg.CallCancelledError if end == "cancel" else sg.OpenTrackingError):
                await call
        with pytest.raises(sg.CallCancelledError if end == "cancel" else sg.ClosedError):
            await client.get()

    assert run(sandbox, use, max_threads=max_threads) < 3


def test_errors_arrive(sandbox: Sandbox) -> None:
    async def use(client: AsyncClient) -> None:
        with pytest.raises(sg.NotFoundError):
            await client.get(on_behalf_of="fault-status-404")
        with pytest.raises(sg.NotFoundError):
            await client.update(True, on_behalf_of="fault-status-404")

    run(sandbox, use)


def test_many_calls_share_the_clients_own_threads(sandbox: Sandbox) -> None:
    async def use(client: AsyncClient) -> None:
        calls = [asyncio.create_task(client.get(on_behalf_of="fault-delay-100")) for _ in range(500)]
        await asyncio.wait(calls[:1])
        assert threading.active_count() - before <= 64
        start = time.monotonic()
        await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 443, type=socket.SOCK_STREAM)
        assert time.monotonic() - start < 0.5, "the program's own look-up was held up"
        assert not all(call.done() for call in calls)
        await asyncio.gather(*calls)

    before = threading.active_count()
    assert run(sandbox, use) < 5


def test_the_wait_for_a_thread_counts(sandbox: Sandbox) -> None:
    async def use(client: AsyncClient) -> None:
        slow = [asyncio.create_task(client.get(on_behalf_of="fault-delay-1500")) for _ in range(2)]
        await asyncio.sleep(0)  # they have the two threads
        start = time.monotonic()
        async with client.derive(timeout=0.3) as hasty, client.derive(timeout=2.5) as patient:
            late = asyncio.create_task(patient.get(on_behalf_of="fault-silent"))
            for _ in range(2):
                with pytest.raises(sg.CallTimeoutError, match="max_threads") as caught:
                    await hasty.get()
                assert (caught.value.attempts, caught.value.elapsed) == (0, 0.3)
            with pytest.raises(sg.CallTimeoutError) as caught:
                await late
        assert caught.value.attempts == 1
        assert 2.4 < time.monotonic() - start < 3.5, "what it waited was added to its timeout"
        await asyncio.gather(*slow)

    run(sandbox, use, max_threads=2)


@pytest.mark.parametrize("max_threads", [0, -1])
def test_max_threads_must_be_some(sandbox: Sandbox, max_threads: int) -> None:
    with pytest.raises(sg.ArgumentError, match="max_threads must be 1 or more"):
        sandbox.async_client(max_threads=max_threads)


def test_a_client_has_no_second_owner(sandbox: Sandbox) -> None:
    client = sandbox.async_client()
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="can't be copied or pickled"):
            copied(client)
    assert repr(client) == "<sg_open_tracking.AsyncClient region=GLOBAL>"


def test_a_program_may_end_with_calls_under_way(sandbox: Sandbox) -> None:
    program = """
import asyncio, os, sys
from sg_open_tracking import AsyncClient
async def main():
    async with AsyncClient(os.environ["SENDGRID_API_KEY"]) as client:
        calls = [asyncio.create_task(client.get(on_behalf_of="fault-silent")) for _ in range(8)]
        await asyncio.wait(calls, timeout=0.2)
        sys.exit("enough")
asyncio.run(main())
"""
    start = time.monotonic()
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env=sandbox.environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "enough\n")
    assert time.monotonic() - start < 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_fork(sandbox: Sandbox) -> None:
    async def use() -> None:
        assert (await client.get()).http_status == 200

    def child() -> None:
        asyncio.run(use())

    client = sandbox.async_client(timeout=5)
    asyncio.run(use())
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(10)
    assert process.exitcode == 0
