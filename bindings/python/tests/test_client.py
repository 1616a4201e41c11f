"""A client, call by call."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import os
import pickle
import re
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import Sandbox

import sg_open_tracking as sg
from sg_open_tracking import Client, Region


@pytest.mark.parametrize("on_behalf_of", [None, "subuser-00001", "news@example.com", "account-id customer-1"])
@pytest.mark.parametrize("enabled", [False, True])
def test_round_trip(client: Client, on_behalf_of: str | None, enabled: bool) -> None:
    written = client.update(enabled, on_behalf_of=on_behalf_of)
    read = client.get(on_behalf_of=on_behalf_of)
    assert written.enabled is read.enabled is enabled
    assert (written.http_status, written.attempts, written.retry_after) == (200, 1, None)
    assert 0 < written.elapsed < 10


def test_eu(sandbox: Sandbox) -> None:
    with sandbox.client(region=Region.EU) as client:
        assert client.update(False).enabled is False
        assert client.get().enabled is False
    with sandbox.client(sandbox.eu_key) as client, pytest.raises(sg.UnauthorizedError, match="EU"):
        client.get()


def test_every_option_is_taken(sandbox: Sandbox) -> None:
    with sandbox.client(
        timeout=5,
        connect_timeout=2.5,
        max_retries=1,
        max_connections=2,
        requests_per_minute=6000,
        user_agent="tests/1",
    ) as client:
        assert client.get().http_status == 200


BAD_OPTIONS = [
    ("timeout", 0),
    ("timeout", -1),
    ("timeout", float("nan")),
    ("timeout", float("inf")),
    ("timeout", 2**32),
    ("connect_timeout", 0),
    ("max_retries", -1),
    ("max_retries", 2**32),
    ("max_connections", -1),
    ("max_connections", 0),
    ("max_connections", 1025),
    ("requests_per_minute", -1),
    ("requests_per_minute", 2**32),
    ("base_url", ""),
    ("base_url", "ftp://127.0.0.1"),
    ("base_url", "http://api.sendgrid.com"),
    ("base_url", "https://127.0.0.1\0.example.com"),
    ("proxy", "no proxy at all"),
    ("ca_file", "/nowhere/ca.pem"),
    ("ca_file", os.devnull),
    ("user_agent", "tests\r\nX-Injected: yes"),
    ("user_agent", "tests\0"),
]


@pytest.mark.parametrize(("option", "value"), BAD_OPTIONS)
def test_bad_option_is_named(option: str, value: Any) -> None:
    with pytest.raises(sg.ArgumentError, match=f"^{option} must ") as caught:
        Client("SG.key", **{option: value})
    assert isinstance(caught.value, ValueError)
    assert caught.value.code is sg.Code.ARGUMENT


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(TypeError, match="no option 'time_out'"):
        Client("SG.key", time_out=1)  # type: ignore[call-arg]


BAD_TEXTS = ["", "a\r\nb", "a\nb", "caf\u00e9", " a", "a ", "a\0b", "\ud800", "k" * 513]


@pytest.mark.parametrize("key", [*BAD_TEXTS, "SG.secret with a space"])
def test_bad_key_is_refused_and_not_shown(key: str) -> None:
    def make() -> object:
        return Client(key)

    def call() -> object:
        return sg.get_open_tracking(key)

    for attempt in (make, call):
        with pytest.raises(sg.ArgumentError, match=r"^key must ") as caught:
            attempt()
        assert "secret" not in "".join(traceback.format_exception_only(type(caught.value), caught.value))
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("on_behalf_of", BAD_TEXTS)
def test_bad_on_behalf_of_is_refused(client: Client, on_behalf_of: str) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: client.get(on_behalf_of=on_behalf_of),
        lambda: client.update(True, on_behalf_of=on_behalf_of),
    ]
    for attempt in attempts:
        with pytest.raises(sg.ArgumentError, match="on_behalf_of") as caught:
            attempt()
        assert caught.value.attempts == 0


def test_what_is_no_bool_is_not_taken_for_true(client: Client) -> None:
    for enabled in ("off", "false", 0, 1, None):
        with pytest.raises(TypeError, match="enabled must be a bool"):
            client.update(enabled)  # type: ignore[arg-type]


def test_unknown_region() -> None:
    with pytest.raises(sg.ArgumentError, match="region"):
        Client("SG.key", 7)  # type: ignore[arg-type]


def test_repr_never_shows_the_key(sandbox: Sandbox) -> None:
    client = sandbox.client()
    assert re.fullmatch(r"<.*Client region=GLOBAL>", repr(client))
    client.close()
    assert repr(client).endswith(" closed>")
    assert sandbox.key not in repr(vars(client))


def test_timeout(sandbox: Sandbox) -> None:
    with sandbox.client(timeout=0.3) as client:
        start = time.monotonic()
        with pytest.raises(TimeoutError) as caught:  # the builtin, which ours is as well
            client.update(True, on_behalf_of="fault-silent")
        assert 0.29 < time.monotonic() - start < 0.6
        assert isinstance(caught.value, sg.CallTimeoutError)
        assert caught.value.attempts == 1
        assert 0.29 < caught.value.elapsed < 0.6
        assert client.update(True).enabled


def test_derived_client_has_its_own_timeout_and_life(sandbox: Sandbox) -> None:
    origin = sandbox.client(timeout=10)
    with origin.derive(timeout=0.2) as short, pytest.raises(sg.CallTimeoutError):
        short.get(on_behalf_of="fault-silent")
    derived = origin.derive()
    origin.close()
    assert derived.update(True).enabled
    derived.close()


def test_the_interpreter_goes_on_during_a_call(client: Client) -> None:
    counted = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal counted
        while not stop.is_set():
            counted += 1

    counter = threading.Thread(target=count)
    counter.start()
    client.get()
    before = counted
    client.get(on_behalf_of="fault-delay-500")
    during = counted - before
    stop.set()
    counter.join()
    assert during > 10_000


def test_cancel_cuts_off_one_client_and_no_other(client: Client) -> None:
    with ThreadPoolExecutor() as pool:
        cut_off = client.derive()
        silent = pool.submit(cut_off.update, True, on_behalf_of="fault-silent")
        origin = pool.submit(client.update, True, on_behalf_of="fault-delay-600")
        time.sleep(0.2)
        start = time.monotonic()
        cut_off.cancel()
        with pytest.raises(sg.CallCancelledError):
            silent.result()
        assert time.monotonic() - start < 0.2
        assert origin.result().enabled
    with pytest.raises(sg.CallCancelledError):
        cut_off.get()
    cut_off.close()


def test_a_closed_client_raises(client: Client) -> None:
    client.close()
    client.close()
    client.cancel()
    attempts: list[Callable[[], object]] = [client.get, client.derive, lambda: client.update(True)]
    for attempt in attempts:
        with pytest.raises(sg.ClosedError, match="closed"):
            attempt()


def test_close_cancels_what_is_in_flight(sandbox: Sandbox) -> None:
    client = sandbox.client(timeout=10)
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(client.get, on_behalf_of="fault-silent") for _ in range(4)]
        time.sleep(0.2)
        start = time.monotonic()
        client.close()
        for call in calls:
            with pytest.raises(sg.CallCancelledError):
                call.result()
        assert time.monotonic() - start < 0.3


def test_close_may_race_with_calls(sandbox: Sandbox) -> None:
    def use(client: Client) -> int:
        done = 0
        try:
            while True:
                client.get()
                done += 1
        except (sg.ClosedError, sg.CallCancelledError):
            return done

    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            client = sandbox.client(timeout=10)
            users = [pool.submit(use, client) for _ in range(4)]
            time.sleep(0.01)
            pool.submit(client.close)
            client.close()
            for user in users:
                user.result(timeout=10)


def test_a_forgotten_client_is_freed(sandbox: Sandbox) -> None:
    client = sandbox.client()
    free = client._free
    assert free.alive
    del client
    gc.collect()
    assert not free.alive


def test_threads(client: Client) -> None:
    def use(number: int) -> None:
        name = f"subuser-{number:05}"
        for turn in range(50):
            enabled = bool(turn % 2)
            assert client.update(enabled, on_behalf_of=name).enabled is enabled
            assert client.get(on_behalf_of=name).enabled is enabled

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(use, number) for number in range(1, 9)]:
            done.result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_fork(client: Client) -> None:
    assert client.update(True).enabled
    context = multiprocessing.get_context("fork")
    child = context.Process(target=client.update, args=(True,))
    child.start()
    child.join(10)
    assert child.exitcode == 0
    assert client.get().enabled


def test_a_client_has_no_second_owner(client: Client) -> None:
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="can't be copied or pickled"):
            copied(client)
    assert client.get().enabled in (True, False)
