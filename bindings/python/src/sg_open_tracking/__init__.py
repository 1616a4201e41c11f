"""Switch SendGrid's open tracking on or off.

    from sg_open_tracking import Client

    with Client(key) as client:
        client.update(False, on_behalf_of="news@example.com")

A `Client` may be used by any number of threads at once; every call releases the GIL and ends
within the client's timeout. What goes wrong is raised as an `OpenTrackingError`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import threading
import weakref
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator
from typing import Any, Callable, Final, final

from . import _native
from ._arguments import (
    KEY,
    ON_BEHALF_OF,
    OPTIONS,
    Region,
    enabled_to_c,
    on_behalf_of_to_c,
    region_to_c,
    seconds_to_c,
    text_to_c,
)
from ._errors import (
    ApiError,
    ArgumentError,
    BadRequest,
    CancelledError,
    ClosedError,
    Code,
    ConnectFailed,
    ConnectionBroken,
    ConnectionFailed,
    DnsFailed,
    Forbidden,
    InternalError,
    NotApplied,
    NotFound,
    OpenTrackingError,
    ProtocolError,
    ProxyFailed,
    RateLimited,
    ServerError,
    TimeoutError,
    TlsFailed,
    Unauthorized,
    UnexpectedStatus,
)
from ._fleet import AsyncItems, Call, Item, Items, aread, many, read, subusers
from ._result import Result, check, outcome

__version__ = "1.0.0"

__all__ = [
    "ApiError",
    "ArgumentError",
    "AsyncItems",
    "BadRequest",
    "CancelledError",
    "Client",
    "ClosedError",
    "Code",
    "ConnectFailed",
    "ConnectionBroken",
    "ConnectionFailed",
    "DnsFailed",
    "Forbidden",
    "InternalError",
    "Item",
    "Items",
    "NotApplied",
    "NotFound",
    "OpenTrackingError",
    "ProtocolError",
    "ProxyFailed",
    "RateLimited",
    "Region",
    "Result",
    "ServerError",
    "TimeoutError",
    "TlsFailed",
    "Unauthorized",
    "UnexpectedStatus",
    "aget_open_tracking",
    "aupdate_open_tracking",
    "get_open_tracking",
    "library_version",
    "update_open_tracking",
]

_lib: Final = _native.lib
_ENVIRONMENT: Final = "SG_OPEN_TRACKING_BASE_URL, if set, what base_url may be"
_ONE_CALL: Final = f"key must be {KEY}; on_behalf_of {ON_BEHALF_OF}; {_ENVIRONMENT}"

# Guards the counts of calls in flight. Held for a few instructions, so one does for every client;
# re-entrant, because a signal handler may cancel or close a client; and taken around a fork, so
# that no child is born with it locked.
_lock: Final = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


@final
class Client:
    """One key, one region, one pool of connections, for any number of threads.

    `timeout` (30 seconds by default) bounds a whole call, retries and waits included, and
    `connect_timeout` (10) the part of it that connects. `max_retries` (2) is for lost
    connections, 429 and 5xx. `max_connections` (8) are kept open. `requests_per_minute` caps
    the client; 0, the default, leaves the pace to the server. `base_url` is https, or http on a
    loopback address. `proxy` is a URL; "" is none, and None as the environment says. `ca_file`
    (PEM) replaces the system's trust store. `user_agent` is appended to the library's own.

    Closing a client, which the end of a `with` block does, cancels the calls that other
    threads have in it: they raise `CancelledError`, and later ones `ClosedError`.
    """

    def __init__(
        self,
        key: str,
        region: Region = Region.GLOBAL,
        *,
        timeout: float | None = None,
        connect_timeout: float | None = None,
        max_retries: int | None = None,
        max_connections: int | None = None,
        requests_per_minute: int | None = None,
        base_url: str | None = None,
        proxy: str | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        user_agent: str | None = None,
    ) -> None:
        options = {
            "timeout": timeout,
            "connect_timeout": connect_timeout,
            "max_retries": max_retries,
            "max_connections": max_connections,
            "requests_per_minute": requests_per_minute,
            "base_url": base_url,
            "proxy": proxy,
            "ca_file": ca_file,
            "user_agent": user_agent,
        }
        pointer = ctypes.c_void_p()
        config = _lib.sg_config_new()
        try:
            for name, value in options.items():
                if value is not None:
                    setter, to_c, allowed = OPTIONS[name]
                    code = getattr(_lib, setter)(config, to_c(name, value))
                    check(code, f"{name} must be {allowed}")
            code = _lib.sg_client_new(
                text_to_c("key", key), region_to_c(region), config, ctypes.byref(pointer)
            )
            check(code, f"key must be {KEY}; {_ENVIRONMENT}")
        finally:
            _lib.sg_config_free(config)
        self._own(pointer, region)

    def update(self, enabled: bool, *, on_behalf_of: str | None = None) -> Result:
        """Switches open tracking on or off: the account's, or that of a subuser (its username)
        or of a customer account ("account-id ID")."""
        return self._call(_lib.sg_client_update, enabled_to_c(enabled), on_behalf_of_to_c(on_behalf_of))

    def get(self, *, on_behalf_of: str | None = None) -> Result:
        """Reads whether open tracking is on."""
        return self._call(_lib.sg_client_get, on_behalf_of_to_c(on_behalf_of))

    async def aupdate(self, enabled: bool, *, on_behalf_of: str | None = None) -> Result:
        """`update` in a thread. Cancelling the task cuts off this call and no other."""
        with self._for_one_call() as call:
            return await asyncio.to_thread(call.update, enabled, on_behalf_of=on_behalf_of)

    async def aget(self, *, on_behalf_of: str | None = None) -> Result:
        """`get` in a thread. Cancelling the task cuts off this call and no other."""
        with self._for_one_call() as call:
            return await asyncio.to_thread(call.get, on_behalf_of=on_behalf_of)

    def update_many(self, enabled: bool, names: Iterable[str]) -> Items:
        """Switches open tracking on or off for many accounts, up to `max_connections` at once and as
        fast as the account's rate limit allows. Iterate over it: nothing is sent before.

        One account's failure is in its item and stops no other. Leaving the iteration cuts off the
        rest. What ends it early is raised: `CancelledError` if this client is cancelled or closed,
        `Unauthorized` if three replies in a row were 401 before any went well (the rest is not sent
        then). The timeout is each item's own.
        """
        return many(self, names, _lib.sg_client_update_many, enabled_to_c(enabled))

    def get_many(self, names: Iterable[str]) -> Items:
        """Reads whether open tracking is on for many accounts, as `update_many`."""
        return many(self, names, _lib.sg_client_get_many)

    def list_subusers(self) -> Generator[str, None, None]:
        """The usernames of the account's subusers, as its pages come. The key needs the scope
        subusers.read."""
        return read(self, subusers)

    def aupdate_many(self, enabled: bool, names: Iterable[str]) -> AsyncItems:
        """`update_many` for `async for`."""
        return AsyncItems(self.update_many(enabled, names))

    def aget_many(self, names: Iterable[str]) -> AsyncItems:
        """`get_many` for `async for`."""
        return AsyncItems(self.get_many(names))

    def alist_subusers(self) -> AsyncGenerator[str, None]:
        """`list_subusers` for `async for`."""
        return aread(self, subusers)

    def derive(self, timeout: float | None = None) -> Client:
        """A client that shares this one's key and connections but has its own timeout (None: the
        same), its own `cancel` and its own `close`. It is cheap: make one for a single call."""
        pointer = ctypes.c_void_p()
        milliseconds = 0 if timeout is None else seconds_to_c("timeout", timeout)
        with self._in_use() as origin:
            check(_lib.sg_client_derive(origin, milliseconds, ctypes.byref(pointer)), "timeout was refused")
        derived = Client.__new__(Client)
        derived._own(pointer, self._region)
        return derived

    def cancel(self) -> None:
        """Cuts off this client's calls, those in flight and any later one, with `CancelledError`.
        It may be called from any thread and does not wait. Derived clients go on."""
        with contextlib.suppress(ClosedError), self._in_use() as pointer:
            _lib.sg_client_cancel(pointer)
        with _lock:
            self._cancelled = True
            aside = list(self._aside)
        for call in aside:
            call.cancel()

    def close(self) -> None:
        """Cancels what is in flight and gives the client up. It does not wait: the last call to
        end frees what the client held. Closing twice does no harm."""
        self.cancel()
        with _lock:
            self._closed = True
            unused = self._calls == 0
        if unused:
            self._free()

    def __reduce_ex__(self, protocol: object) -> Any:
        """There is one owner of what the library holds, so `copy` and `pickle` are refused."""
        raise TypeError("a Client can't be copied or pickled: share it, or derive() one")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<sg_open_tracking.Client region={self._region.name}{' closed' if self._closed else ''}>"

    def _own(self, pointer: ctypes.c_void_p, region: Region) -> None:
        self._pointer = pointer
        self._region = Region(region)
        self._calls = 0
        self._closed = False
        self._cancelled = False
        self._aside: set[Client | Call[Any]] = set()
        # Runs once, by close() or when the client is collected; not at exit, where a daemon
        # thread may still be in a call.
        self._free = weakref.finalize(self, _lib.sg_client_free, pointer)
        self._free.atexit = False  # type: ignore[misc, unused-ignore]  # unknown to an older mypy

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[ctypes.c_void_p]:
        """The native client, which is not freed for as long as it is lent out here."""
        with _lock:
            self._calls += 1  # before the look at _closed: a signal handler may close in between
        try:
            if self._closed:
                raise ClosedError("the client is closed")
            yield self._pointer
        finally:
            with _lock:
                self._calls -= 1
                last = self._closed and self._calls == 0
            if last:
                self._free()

    @contextlib.contextmanager
    def _for_one_call(self) -> Iterator[Client]:
        """A derived client for one asynchronous call. This client's cancel and close reach it."""
        with self.derive() as call, self._reaches(call):
            yield call

    @contextlib.contextmanager
    def _reaches(self, call: Client | Call[Any]) -> Iterator[None]:
        """This client's cancel and close cancel that too."""
        with _lock:
            self._aside.add(call)
            cancelled = self._cancelled
        try:
            if cancelled:
                call.cancel()
            yield
        finally:
            with _lock:
                self._aside.discard(call)

    def _call(self, function: Callable[..., int], *arguments: object) -> Result:
        result = _native.SgResult()
        with self._in_use() as pointer:
            function(pointer, *arguments, ctypes.byref(result))
        ended = outcome(result)
        if isinstance(ended, OpenTrackingError):
            raise ended
        return ended


def update_open_tracking(
    key: str, enabled: bool, *, region: Region = Region.GLOBAL, on_behalf_of: str | None = None
) -> bool:
    """One update with no set-up; returns what the server reported. All such calls share one pool
    of connections. Their errors have a code and no details: for those, make a `Client`."""
    reported = ctypes.c_bool()
    check(
        _lib.sg_open_tracking_update(
            text_to_c("key", key),
            enabled_to_c(enabled),
            region_to_c(region),
            on_behalf_of_to_c(on_behalf_of),
            ctypes.byref(reported),
        ),
        _ONE_CALL,
    )
    return reported.value


def get_open_tracking(key: str, *, region: Region = Region.GLOBAL, on_behalf_of: str | None = None) -> bool:
    """One read with no set-up, as `update_open_tracking`."""
    reported = ctypes.c_bool()
    check(
        _lib.sg_open_tracking_get(
            text_to_c("key", key),
            region_to_c(region),
            on_behalf_of_to_c(on_behalf_of),
            ctypes.byref(reported),
        ),
        _ONE_CALL,
    )
    return reported.value


async def aupdate_open_tracking(
    key: str, enabled: bool, *, region: Region = Region.GLOBAL, on_behalf_of: str | None = None
) -> bool:
    """One update in a thread. Cancelling the task cuts the call off, for which it has a client
    and a connection of its own: for many calls, make a `Client`."""
    with Client(key, region) as client:
        return (await client.aupdate(enabled, on_behalf_of=on_behalf_of)).enabled


async def aget_open_tracking(
    key: str, *, region: Region = Region.GLOBAL, on_behalf_of: str | None = None
) -> bool:
    """One read in a thread, as `aupdate_open_tracking`."""
    with Client(key, region) as client:
        return (await client.aget(on_behalf_of=on_behalf_of)).enabled


def library_version() -> str:
    """The version of the native library."""
    return str(_lib.sg_version().decode())
