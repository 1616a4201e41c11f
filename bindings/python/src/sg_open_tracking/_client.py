"""A client for calls that wait."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import weakref
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Callable, Final, final

from . import _log, _native
from ._arguments import (
    KEY,
    SETTERS,
    ClientOptions,
    Region,
    enabled_to_c,
    on_behalf_of_to_c,
    region_to_c,
    seconds_to_c,
    text_to_c,
)
from ._call import Call, NoThreadError, beside, read
from ._errors import ClosedError
from ._fleet import Items, subusers
from ._result import Result, check, result_of
from ._threads import RLock, in_main_thread

if TYPE_CHECKING:
    from typing_extensions import Unpack

_lib: Final = _native.lib
_ENVIRONMENT: Final = "SG_OPEN_TRACKING_BASE_URL, if set, what base_url may be"
_TIMEOUT: Final = 30.0
"""The default, in seconds."""

# Guards the counts of calls in flight. Held for a few instructions, so one does for every client;
# re-entrant, because a signal handler may cancel or close a client; and taken around a fork, so
# that no child is born with it locked.
_lock: Final = RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


@final
class Client:
    """One key, one region, one pool of connections, for any number of threads.

    The options are those of `ClientOptions`: `Client(key, timeout=10)`.

    Closing a client, which the end of a `with` block does, cancels the calls that other threads have
    in it: they raise `CallCancelledError`, and later ones `ClosedError`.
    """

    def __init__(self, key: str, region: Region = Region.GLOBAL, **options: Unpack[ClientOptions]) -> None:
        pointer = ctypes.c_void_p()
        config = _lib.sg_config_new()
        try:
            for name, value in options.items():
                if name not in SETTERS:
                    raise TypeError(f"there is no option {name!r}")
                if value is not None:
                    setter, to_c, allowed = SETTERS[name]
                    code = getattr(_lib, setter)(config, to_c(name, value))
                    check(code, f"{name} must be {allowed}")
            level = _log.wanted()
            if level is not None:
                check(_lib.sg_config_set_log(config, level, _log.on_log, None), "the level was refused")
            code = _lib.sg_client_new(
                text_to_c("key", key), region_to_c(region), config, ctypes.byref(pointer)
            )
            check(code, f"key must be {KEY}; {_ENVIRONMENT}")
        finally:
            _lib.sg_config_free(config)
        self._own(pointer, region, options.get("timeout") or _TIMEOUT, level is not None)

    def update(self, enabled: bool, *, on_behalf_of: str | None = None) -> Result:
        """Switches open tracking on or off: the account's, or that of a subuser (its username)
        or of a customer account ("account-id ID")."""
        return self._call(_lib.sg_client_update, enabled_to_c(enabled), on_behalf_of_to_c(on_behalf_of))

    def get(self, *, on_behalf_of: str | None = None) -> Result:
        """Reads whether open tracking is on."""
        return self._call(_lib.sg_client_get, on_behalf_of_to_c(on_behalf_of))

    def update_many(self, enabled: bool, names: Iterable[str]) -> Items:
        """Switches open tracking on or off for many accounts, up to `max_connections` at once and as
        fast as the account's rate limit allows. Iterate over it: nothing is sent before.

        One account's failure is in its item and stops no other. Leaving the iteration cuts off the
        rest. What ends it early is raised: `CallCancelledError` if this client is cancelled or closed,
        `UnauthorizedError` if three replies in a row were 401 before any went well (the rest is not sent
        then). The timeout is each item's own.
        """
        return Items(names, self, _lib.sg_client_update_many, enabled_to_c(enabled))

    def get_many(self, names: Iterable[str]) -> Items:
        """Reads whether open tracking is on for many accounts, as `update_many`."""
        return Items(names, self, _lib.sg_client_get_many)

    def list_subusers(self) -> Generator[str, None, None]:
        """The usernames of the account's subusers, as its pages come. The key needs the scope
        subusers.read."""
        return read(self, subusers)

    def derive(self, timeout: float | None = None) -> Client:
        """A client that shares this one's key and connections but has its own timeout (None: the
        same), its own `cancel` and its own `close`. It is cheap: make one for a single call."""
        pointer = ctypes.c_void_p()
        milliseconds = 0 if timeout is None else seconds_to_c("timeout", timeout)
        with self._in_use() as origin:
            check(_lib.sg_client_derive(origin, milliseconds, ctypes.byref(pointer)), "timeout was refused")
        derived = Client.__new__(Client)
        derived._own(pointer, self._region, timeout or self._timeout, self._logs)
        return derived

    def cancel(self) -> None:
        """Cuts off this client's calls, those in flight and any later one, with `CallCancelledError`.
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

    def _own(self, pointer: ctypes.c_void_p, region: Region, timeout: float, logs: bool) -> None:
        self._pointer = pointer
        self._region = Region(region)
        self._timeout = timeout
        self._logs = logs
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
    def _for_one_call(self, timeout: float | None = None) -> Iterator[Client]:
        """A derived client, which this one's cancel and close reach, and which the block's end closes."""
        with self.derive(timeout) as call, self._reaches(call):
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
        if self._logs or in_main_thread():  # a log is read in the thread of its caller
            try:
                return beside(self, lambda derived: derived._call_here(function, *arguments))
            except NoThreadError:
                if threading.current_thread().daemon:  # the end may come amid a line of the log
                    raise
        return self._call_here(function, *arguments)

    def _call_here(self, function: Callable[..., int], *arguments: object) -> Result:
        result = _native.SgResult()
        with self._in_use() as pointer:
            function(pointer, *arguments, ctypes.byref(result))
        return result_of(result)
