"""What goes wrong, and what is raised for it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import pickle
from collections.abc import Iterator

import pytest
from conftest import Sandbox

import sg_open_tracking as sg
from sg_open_tracking import Client, Code

FAULTS: list[tuple[str, type[sg.OpenTrackingError], Code, int]] = [
    ("fault-status-400", sg.BadRequestError, Code.BAD_REQUEST, 400),
    ("fault-status-401", sg.UnauthorizedError, Code.UNAUTHORIZED, 401),
    ("fault-status-403", sg.ForbiddenError, Code.FORBIDDEN, 403),
    ("fault-status-404", sg.NotFoundError, Code.NOT_FOUND, 404),
    ("fault-status-429", sg.RateLimitedError, Code.RATE_LIMITED, 429),
    ("fault-status-451", sg.BadRequestError, Code.BAD_REQUEST, 451),
    ("fault-status-500", sg.ServerError, Code.SERVER, 500),
    ("fault-status-503", sg.ServerError, Code.SERVER, 503),
    ("fault-redirect", sg.UnexpectedStatusError, Code.STATUS, 302),
    ("fault-not-applied", sg.NotAppliedError, Code.NOT_APPLIED, 200),
    ("fault-malformed-json", sg.ProtocolError, Code.PROTOCOL, 200),
    ("fault-no-enabled", sg.ProtocolError, Code.PROTOCOL, 200),
    ("fault-close", sg.ConnectionBrokenError, Code.IO, 0),
    ("fault-unicode-message", sg.ForbiddenError, Code.FORBIDDEN, 403),
]


@pytest.mark.parametrize(("fault", "kind", "code", "http_status"), FAULTS)
def test_fault(
    client: Client, fault: str, kind: type[sg.OpenTrackingError], code: Code, http_status: int
) -> None:
    with pytest.raises(sg.OpenTrackingError) as caught:
        client.update(True, on_behalf_of=fault)
    error = caught.value
    assert type(error) is kind
    assert (error.code, error.http_status, error.attempts) == (code, http_status, 1)
    assert error.enabled is (False if kind is sg.NotAppliedError else None)
    assert error.elapsed > 0
    assert str(error)


def test_unicode_arrives(client: Client) -> None:
    with pytest.raises(sg.ForbiddenError, match="権限がありません"):
        client.get(on_behalf_of="fault-unicode-message")


def test_scopes(sandbox: Sandbox) -> None:
    with sandbox.client(sandbox.read_key) as client:
        assert client.get().http_status == 200
        with pytest.raises(sg.ForbiddenError, match=r"tracking_settings\.open\.update"):
            client.update(True)
    with sandbox.client(sandbox.update_key) as client:
        assert client.update(True).enabled
        with pytest.raises(sg.ForbiddenError, match=r"tracking_settings\.open\.read"):
            client.get()


def test_wrong_key(sandbox: Sandbox) -> None:
    with sandbox.client("SG.wrong") as client, pytest.raises(sg.UnauthorizedError) as caught:
        client.update(True)
    assert "SG.wrong" not in str(caught.value)


def test_retry_after(sandbox: Sandbox) -> None:
    with sandbox.client(timeout=0.5) as client, pytest.raises(sg.RateLimitedError) as caught:
        client.update(True, on_behalf_of="fault-status-429-retry-after-1")
    assert caught.value.retry_after == 1.0


def test_connections_that_fail(sandbox: Sandbox) -> None:
    with sandbox.client(base_url="https://127.0.0.1:1") as client, pytest.raises(sg.ConnectError):
        client.get()
    with sandbox.client(proxy="http://127.0.0.1:1") as client, pytest.raises(sg.ProxyError):
        client.get()
    with sandbox.client(ca_file=None) as client, pytest.raises(sg.TlsError):
        client.get()


def test_families() -> None:
    assert issubclass(sg.ArgumentError, ValueError)
    assert issubclass(sg.ClosedError, sg.ArgumentError)
    assert issubclass(sg.CallTimeoutError, TimeoutError)
    assert issubclass(sg.NetworkError, ConnectionError)
    connection: list[type] = [
        sg.DnsError,
        sg.ConnectError,
        sg.ProxyError,
        sg.TlsError,
        sg.ConnectionBrokenError,
    ]
    assert all(issubclass(kind, sg.NetworkError) for kind in connection)
    api: list[type] = [
        sg.BadRequestError,
        sg.UnauthorizedError,
        sg.ForbiddenError,
        sg.NotFoundError,
        sg.RateLimitedError,
        sg.ServerError,
        sg.UnexpectedStatusError,
        sg.NotAppliedError,
    ]
    assert all(issubclass(kind, sg.ApiError) for kind in api)


def test_an_error_survives_pickling(sandbox: Sandbox) -> None:
    with sandbox.client(timeout=0.1) as client, pytest.raises(sg.CallTimeoutError) as caught:
        client.get(on_behalf_of="fault-silent")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is sg.CallTimeoutError
    assert str(copy) == str(caught.value)
    assert vars(copy) == vars(caught.value)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """As in programs that have switched it off."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_an_error_leaves_nothing_to_the_collector(client: Client) -> None:
    def fail() -> None:
        with contextlib.suppress(sg.NotFoundError):
            client.get(on_behalf_of="nobody")
        with client.derive() as derived, contextlib.suppress(sg.CallCancelledError):
            derived.cancel()
            list(derived.list_subusers())

    fail()
    gc.collect()
    fail()
    assert gc.collect() == 0


@pytest.mark.usefixtures("no_collector")
def test_an_asynchronous_error_leaves_nothing_to_the_collector(sandbox: Sandbox) -> None:
    async def main() -> int:
        async with sandbox.async_client(timeout=0.3, max_threads=1) as client:

            async def fail() -> None:
                silent = (client.get(on_behalf_of="fault-silent") for _ in range(2))
                await asyncio.gather(*silent, return_exceptions=True)  # the second has no thread in time

            await fail()
            gc.collect()
            await fail()
            return gc.collect()

    assert asyncio.run(main()) == 0
