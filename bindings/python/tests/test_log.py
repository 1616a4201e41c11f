"""The logger "sg_open_tracking"."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from conftest import REPOSITORY, Sandbox

import sg_open_tracking as sg
from sg_open_tracking import _call, _log

LOGGER = logging.getLogger("sg_open_tracking")
REQUEST: ContextVar[str] = ContextVar("REQUEST", default="none")


class Records(logging.Handler):
    """What was logged, in which thread and context."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        record.request = REQUEST.get()

    def events(self) -> list[str]:
        return [record.event for record in self.records]


@contextlib.contextmanager
def logging_at(level: int) -> Iterator[Records]:
    handler, before = Records(), LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
    try:
        yield handler
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(before)


@pytest.fixture
def records() -> Iterator[Records]:
    with logging_at(logging.DEBUG) as handler:
        yield handler


def test_levels_are_the_headers() -> None:
    header = (REPOSITORY / "include/sg_open_tracking.h").read_text()
    named = re.findall(r"\bSG_LOG_(\w+) = (\d+)", header)
    assert {int(value): getattr(logging, name) for name, value in named} == _log.LEVELS


def test_fields() -> None:
    line = r'event=end call=7 reused=true on_behalf_of=007 why="a \"b\" c=d\\" ms=0 tls=1.3 path=/a?b=c'
    assert _log.fields(line) == {
        "event": "end",
        "call": 7,
        "reused": True,
        "on_behalf_of": "007",
        "why": 'a "b" c=d\\',
        "ms": 0,
        "tls": "1.3",
        "path": "/a?b=c",
    }


def test_a_call_is_logged_with_its_fields(sandbox: Sandbox, records: Records) -> None:
    with sandbox.client(max_retries=1) as client:
        client.get(on_behalf_of="fault-once-503-logged")
    events = [event for event in records.events() if event in ("sent", "reply", "retry", "end")]
    assert events == ["sent", "reply", "retry", "sent", "reply", "end"]
    end = records.records[-1]
    assert (end.levelno, end.status, end.attempts, end.enabled) == (logging.INFO, 200, 2, True)
    assert end.getMessage().startswith("event=end level=info ")
    assert {record.thread for record in records.records} == {threading.get_ident()}


@pytest.mark.parametrize(
    ("level", "events"),
    [
        (logging.INFO, ["retry", "end"]),
        (logging.WARNING, ["retry"]),
        (logging.ERROR, []),
        (logging.CRITICAL, None),
    ],
)
def test_levels(sandbox: Sandbox, level: int, events: list[str] | None) -> None:
    with logging_at(level) as records, sandbox.client(max_retries=1) as client:
        assert client._logs == (events is not None)
        client.get(on_behalf_of=f"fault-once-503-{level}")
    # A step that takes a second, on a machine that is busy, is a warning.
    steps = ("lookup", "connected", "tls", "reply")
    assert [event for event in records.events() if event not in steps] == (events or [])


def test_nothing_is_wanted_without_a_handler(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LOGGER, "propagate", False)  # pytest has handlers
    with sandbox.client() as client:
        assert not client._logs


def test_derived_clients_and_other_threads_log_too(sandbox: Sandbox, records: Records) -> None:
    with sandbox.client() as client, client.derive() as derived:
        thread = threading.Thread(target=derived.get)
        thread.start()
        thread.join()
    assert records.events()[-1] == "end"
    assert {record.thread for record in records.records} == {thread.ident}


def test_calls_for_many(sandbox: Sandbox, records: Records) -> None:
    async def read() -> None:
        REQUEST.set("asynchronous")
        async with sandbox.async_client() as client:
            assert len([item async for item in client.get_many(["subuser-00001"] * 3)]) == 3
            await client.get()

    with sandbox.client() as client:
        assert len(list(client.get_many(["subuser-00001"] * 3))) == 3
    assert records.events().count("end") == 3
    records.records.clear()
    asyncio.run(read())
    assert records.events().count("end") == 4
    assert {record.request for record in records.records} == {"asynchronous"}
    assert not _log.readers


def test_a_logger_that_raises_breaks_no_call(
    sandbox: Sandbox, records: Records, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: logging.LogRecord) -> bool:
        raise LookupError("a broken filter")

    LOGGER.addFilter(broken)
    try:
        with sandbox.client() as client:
            assert client.get().http_status == 200
            assert len(list(client.get_many(["subuser-00001"] * 3))) == 3
    finally:
        LOGGER.removeFilter(broken)
    assert "a broken filter" in capsys.readouterr().err
    assert not _call._running


def test_the_key_is_in_no_line(sandbox: Sandbox, records: Records) -> None:
    with sandbox.client(max_retries=1) as client, pytest.raises(sg.ForbiddenError):
        client.get(on_behalf_of="fault-echo-key")
    assert records.records
    for record in records.records:
        assert sandbox.key not in repr(vars(record))


def test_one_shot_calls_log_too(sandbox: Sandbox, records: Records) -> None:
    sg.get_open_tracking(sandbox.key, base_url=sandbox.url, ca_file=sandbox.ca_file, proxy="")
    assert records.events()[-1] == "end"
