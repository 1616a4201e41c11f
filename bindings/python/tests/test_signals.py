"""Signals whose handlers raise amid a call in the main thread: Ctrl-C, alarms, soft time limits."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Callable

import pytest
from conftest import Sandbox, wait_for

import sg_open_tracking as sg
from sg_open_tracking import Client, _call

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals here")

PROMPT = 0.5
"""Seconds; on an idle machine it takes one thousandth of a second, and the call on its own 30."""

CALLS: dict[str, Callable[[Client], object]] = {
    "get": lambda client: client.get(on_behalf_of="fault-silent"),
    "update": lambda client: client.update(True, on_behalf_of="fault-silent"),
    "get_many": lambda client: list(client.get_many(["fault-silent"])),
}


class InterruptedCallError(Exception):
    """What the handler raises."""


@pytest.fixture
def usr1() -> Iterator[dict[str, float]]:
    """Its handler raises; it tells when it was sent."""
    sent: dict[str, float] = {}

    def handle(*_: object) -> None:
        raise InterruptedCallError

    before = signal.signal(signal.SIGUSR1, handle)
    yield sent
    signal.signal(signal.SIGUSR1, before)


def send(number: int, sent: dict[str, float], other: Client) -> threading.Thread:
    """Once a call of the main thread is under way."""

    def wait_and_send() -> None:
        other.get(on_behalf_of="fault-delay-100")
        sent["at"] = time.monotonic()
        signal.pthread_kill(threading.main_thread().ident or 0, number)

    thread = threading.Thread(target=wait_and_send)
    thread.start()
    return thread


@pytest.mark.parametrize("call", CALLS)
def test_a_handler_that_raises_is_answered_at_once(
    sandbox: Sandbox, usr1: dict[str, float], call: str
) -> None:
    with sandbox.client(timeout=30) as client, sandbox.client() as other:
        sending = send(signal.SIGUSR1, usr1, other)
        with pytest.raises(InterruptedCallError):
            CALLS[call](client)
        took = time.monotonic() - usr1["at"]
        sending.join()
        assert took < PROMPT
        wait_for(lambda: not _call._running)
        assert client.get().http_status == 200


def test_one_shot_calls_are_cut_off_too(sandbox: Sandbox, usr1: dict[str, float]) -> None:
    options: Any = {"base_url": sandbox.url, "ca_file": sandbox.ca_file, "proxy": "", "timeout": 30}
    with sandbox.client() as other:
        sending = send(signal.SIGUSR1, usr1, other)
        with pytest.raises(InterruptedCallError):
            sg.get_open_tracking(sandbox.key, on_behalf_of="fault-silent", **options)
        assert time.monotonic() - usr1["at"] < PROMPT
        sending.join()


def test_ctrl_c(client: Client, sandbox: Sandbox) -> None:
    # A shell has what it runs in the background ignore SIGINT.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with sandbox.client() as other:
            sending = send(signal.SIGINT, {}, other)
            with pytest.raises(KeyboardInterrupt):
                client.get(on_behalf_of="fault-silent")
            sending.join()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_that_returns_leaves_the_call_alone(client: Client, sandbox: Sandbox) -> None:
    handled: list[float] = []
    before = signal.signal(signal.SIGUSR1, lambda *_: handled.append(time.monotonic()))
    try:
        with sandbox.client() as other:
            sent: dict[str, float] = {}
            sending = send(signal.SIGUSR1, sent, other)
            assert client.get(on_behalf_of="fault-delay-500").http_status == 200
            sending.join()
        assert handled[0] - sent["at"] < PROMPT
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_a_handler_may_end_the_client(sandbox: Sandbox, end: str) -> None:
    client = sandbox.client(timeout=30)
    before = signal.signal(signal.SIGUSR1, lambda *_: getattr(client, end)())
    try:
        with sandbox.client() as other:
            sending = send(signal.SIGUSR1, {}, other)
            with pytest.raises(sg.CallCancelledError):
                client.get(on_behalf_of="fault-silent")
            sending.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
