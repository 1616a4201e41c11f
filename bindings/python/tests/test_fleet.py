"""The calls for many subusers, in both forms."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import pytest
from conftest import Sandbox, wait_for

import sg_open_tracking as sg
from sg_open_tracking import AsyncClient, Client, Item, _call, _fleet

SUBUSERS = [f"subuser-{number:05}" for number in range(1, 26)]
SLOW = [name for subuser in SUBUSERS for name in (subuser, "fault-silent")]
"""The second of each pair would hold the rest up for 10 s."""
PLENTY = ["subuser-00001"] * 1_000
"""More than wait to be read."""


def synchronous(client: Client, call: str, *arguments: Any) -> list[Any]:
    return list(getattr(client, call)(*arguments))


def asynchronous(client: Client, call: str, *arguments: Any) -> list[Any]:
    async def run() -> list[Any]:
        return [report async for report in getattr(for_asyncio(client), call)(*arguments)]

    return asyncio.run(run())


def for_asyncio(client: Client) -> AsyncClient:
    """The same client behind the other face."""
    made = AsyncClient.__new__(AsyncClient)
    made._client = client
    return made


def first(reports: Iterable[Any]) -> Any:
    for report in reports:
        return report
    raise AssertionError("nothing was reported")


def afirst(reports: AsyncIterable[Any]) -> Any:
    async def run() -> Any:
        async for report in reports:
            return report
        raise AssertionError("nothing was reported")

    return asyncio.run(run())


both = pytest.mark.parametrize("form", [synchronous, asynchronous])
Form = Callable[..., list[Any]]


def wait_until_full() -> None:
    """Until the one call that runs has reported as much as may wait to be read."""
    (call,) = _call._running
    wait_for(lambda: call._room.empty())


def join_threads() -> None:
    """Every call has been cut off: its thread ends long before a silent server would let it."""
    wait_for(lambda: not _call._running)


@both
def test_round_trip(client: Client, form: Form) -> None:
    assert sorted(form(client, "list_subusers")) == SUBUSERS
    for enabled in (False, True):
        for items in (form(client, "update_many", enabled, SUBUSERS), form(client, "get_many", SUBUSERS)):
            items.sort(key=lambda item: item.index)
            assert [(item.index, item.on_behalf_of) for item in items] == list(enumerate(SUBUSERS))
            assert all(item.result.enabled is enabled and item.error is None for item in items)


@both
def test_one_failure_stops_no_other(client: Client, form: Form) -> None:
    names = ["subuser-00001", "nobody", "", "fault-status-403", "fault-not-applied", "fault-unicode-message"]
    items: list[Item] = sorted(form(client, "update_many", False, names), key=lambda item: item.index)
    assert [type(item.error) for item in items] == [
        type(None),
        sg.NotFoundError,
        sg.ArgumentError,
        sg.ForbiddenError,
        sg.NotAppliedError,
        sg.ForbiddenError,
    ]
    assert [item.result is None for item in items] == [False, True, True, True, True, True]
    found = items[0].result
    assert found is not None
    assert (found.enabled, found.http_status, found.attempts) == (False, 200, 1)
    assert items[1].error is not None
    assert (items[1].error.http_status, items[1].error.attempts) == (404, 1)
    assert items[4].error is not None
    assert items[4].error.enabled is True
    assert "権限がありません" in str(items[5].error)
    with pytest.raises(dataclasses.FrozenInstanceError):
        items[0].index = 1  # type: ignore[misc]


def test_types_tell_items_apart(client: Client) -> None:
    """Which mypy --strict would refuse, were it not so."""
    for item in client.get_many(["subuser-00001", "nobody"]):
        if item.error is not None:
            assert item.error.http_status == 404
        else:
            assert item.result.http_status == 200


def test_len(client: Client) -> None:
    for names in (SUBUSERS, set(SUBUSERS), dict.fromkeys(SUBUSERS)):
        assert len(client.get_many(names)) == len(for_asyncio(client).get_many(names)) == 25
    for lazy in (iter(SUBUSERS), client.list_subusers()):
        with pytest.raises(TypeError, match="has no len"):
            len(client.get_many(lazy))
    assert list(client.get_many([])) == []


def test_each_iteration_is_a_call_of_its_own(client: Client) -> None:
    items = client.get_many(["subuser-00001"])
    assert not _call._running
    for enabled in (False, True):
        client.update(enabled, on_behalf_of="subuser-00001")
        assert [item.result.enabled for item in items if item.result] == [enabled]


def endless() -> Iterator[str]:
    while True:
        yield from SUBUSERS


def broken(names: list[str]) -> Iterator[str]:
    yield from names
    raise LookupError("no more")


@pytest.mark.parametrize("asynchronous", [False, True])
def test_names_may_have_no_end(client: Client, asynchronous: bool) -> None:
    given = 0

    def counted() -> Iterator[str]:
        nonlocal given
        for name in endless():
            given += 1
            yield name

    async def read() -> int:
        async for item in for_asyncio(client).get_many(counted()):
            if item.index == 2:
                return item.index
        raise AssertionError

    if asynchronous:
        assert asyncio.run(read()) == 2
    else:
        assert next(item.index for item in client.get_many(counted()) if item.index == 2) == 2
    assert given == _fleet.LOT
    join_threads()


@pytest.mark.parametrize("count", [0, 3, 1_000, 1_003])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_what_names_raise_comes_after_those_they_gave(client: Client, asynchronous: bool, count: int) -> None:
    names = (SUBUSERS * 41)[:count]
    done: list[Item] = []

    async def given() -> AsyncIterator[str]:
        for name in broken(names):
            yield name

    async def read() -> None:
        async for item in for_asyncio(client).get_many(given()):
            done.append(item)

    def read_in_turn() -> None:
        for item in client.get_many(broken(names)):
            done.append(item)

    with pytest.raises(LookupError, match="no more"):
        asyncio.run(read()) if asynchronous else read_in_turn()
    done.sort(key=lambda item: item.index)
    assert [(item.index, item.on_behalf_of) for item in done] == list(enumerate(names))


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["subuser-00001", "a\0b"], sg.ArgumentError),
        (["\ud800"], sg.ArgumentError),
        ([None], TypeError),
        ("subuser-00001", TypeError),
        (None, TypeError),
    ],
)
@both
def test_bad_names_are_refused_before_anything_is_sent(
    client: Client, form: Form, names: Any, kind: type
) -> None:
    with pytest.raises(kind, match=r"names"):
        form(client, "get_many", names)


def test_enabled_must_be_a_bool(client: Client) -> None:
    for call in (client.update_many, for_asyncio(client).update_many):
        with pytest.raises(TypeError, match="enabled"):
            call("off", SUBUSERS)  # type: ignore[arg-type]


@pytest.mark.parametrize("names", [SLOW, PLENTY])
def test_leaving_cuts_off_the_rest(client: Client, names: list[str]) -> None:
    assert first(client.get_many(names)).error is None
    join_threads()
    assert afirst(for_asyncio(client).get_many(names)).error is None
    join_threads()
    assert first(client.list_subusers()) in SUBUSERS
    join_threads()
    assert afirst(for_asyncio(client).list_subusers()) in SUBUSERS
    join_threads()
    assert client.get().http_status == 200


def test_leaving_cuts_off_a_call_that_waits_for_its_reader(client: Client) -> None:
    async def aleave() -> None:
        async for _ in for_asyncio(client).get_many(PLENTY):
            wait_until_full()
            break

    for _ in client.get_many(PLENTY):
        wait_until_full()
        break
    join_threads()
    asyncio.run(aleave())
    join_threads()


def test_what_the_reader_raises_arrives(client: Client) -> None:
    def read(names: list[str]) -> None:
        for item in client.get_many(names):
            raise OSError(item.on_behalf_of)

    for names in (SLOW, PLENTY):
        with pytest.raises(OSError, match="subuser-"):
            read(names)
        join_threads()


def test_the_reader_may_call(client: Client) -> None:
    for item in client.update_many(True, SUBUSERS[:5]):
        assert client.get(on_behalf_of=item.on_behalf_of).enabled


def test_cancelling_the_task_cuts_off_the_call(client: Client) -> None:
    async def read() -> None:
        async for _ in for_asyncio(client).get_many(["fault-silent"]):
            raise AssertionError

    async def run() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(read(), 0.2)

    asyncio.run(run())
    join_threads()
    assert client.get().http_status == 200


def test_the_loop_goes_on_meanwhile(client: Client) -> None:
    async def read() -> list[Item]:
        return [item async for item in for_asyncio(client).get_many(["fault-delay-500"])]

    async def run() -> float:
        start = time.monotonic()
        await asyncio.gather(*(read() for _ in range(4)))
        return time.monotonic() - start

    assert asyncio.run(run()) < 1.5


@both
def test_a_wrong_key_stops_early(sandbox: Sandbox, form: Form) -> None:
    with sandbox.client("SG.wrong", max_connections=1) as client:
        seen: list[object] = []
        with pytest.raises(sg.UnauthorizedError):
            seen.extend(item.error for item in client.get_many(SUBUSERS))
        assert 0 < len(seen) < len(SUBUSERS)
        assert all(isinstance(error, sg.UnauthorizedError) for error in seen)
        for call in (("update_many", True, SUBUSERS), ("list_subusers",)):
            with pytest.raises(sg.UnauthorizedError):
                form(client, *call)


@pytest.mark.parametrize("end", ["cancel", "close"])
@both
def test_the_clients_own_end_reaches_a_call(sandbox: Sandbox, form: Form, end: str) -> None:
    client = sandbox.client(timeout=30)
    with sandbox.client() as other:

        def wait_and_end() -> None:
            other.get(on_behalf_of="fault-delay-100")
            getattr(client, end)()

        ending = threading.Thread(target=wait_and_end)
        ending.start()
        start = time.monotonic()
        with pytest.raises(sg.CallCancelledError):
            form(client, "get_many", ["fault-silent"])
        assert time.monotonic() - start < 5
        ending.join()
    join_threads()
    for call in (("get_many", SUBUSERS), ("list_subusers",)):
        with pytest.raises(sg.CallCancelledError if end == "cancel" else sg.ClosedError):
            form(client, *call)


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_the_clients_own_end_reaches_a_reader_that_went_away(sandbox: Sandbox, end: str) -> None:
    client = sandbox.client(timeout=30)
    items = iter(client.get_many(PLENTY))
    assert next(items).error is None
    wait_until_full()
    getattr(client, end)()
    join_threads()
    with pytest.raises(sg.CallCancelledError):
        list(items)


def test_a_reader_that_is_collected_cuts_off_the_call(client: Client) -> None:
    ring: list[Any] = [iter(client.get_many(PLENTY))]
    assert next(ring[0]).error is None
    wait_until_full()
    ring.append(ring)
    del ring
    gc.collect()
    join_threads()


@pytest.mark.parametrize("names", [SLOW, PLENTY])
def test_a_call_left_midway_holds_no_program_up(sandbox: Sandbox, names: list[str]) -> None:
    program = f"""
import os
from sg_open_tracking import Client
items = iter(Client(os.environ["SENDGRID_API_KEY"]).get_many({names}))
print(next(items).error)
"""
    start = time.monotonic()
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env=sandbox.environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "None\n", "")
    assert time.monotonic() - start < 8


def test_a_reader_that_is_left_until_the_modules_are_gone(sandbox: Sandbox) -> None:
    program = """
import os, sys, threading
from sg_open_tracking import Client
items = iter(Client(os.environ["SENDGRID_API_KEY"]).get_many(["subuser-00001", "fault-silent"]))
next(items)
threading.left = items, dict(sys.modules)  # by a module that goes after those of the package
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=sandbox.environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_fork(client: Client) -> None:
    def child() -> None:
        with pytest.raises(sg.CallCancelledError, match="forked"):
            list(items)
        assert len(list(client.get_many(SUBUSERS))) == 25

    items = iter(client.get_many(PLENTY))
    assert next(items).error is None
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(10)
    assert process.exitcode == 0
    assert len(list(items)) == 999
