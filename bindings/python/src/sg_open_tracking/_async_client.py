"""A client for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import os
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Callable, Final, final

from ._arguments import ClientOptions, Region, enabled_to_c
from ._call import aread
from ._client import Client
from ._errors import ArgumentError, CallTimeoutError
from ._fleet import AsyncItems, subusers
from ._native import lib
from ._result import Result
from ._threads import in_main_thread

if TYPE_CHECKING:
    from typing_extensions import Unpack


@final
class AsyncClient:
    """`Client` for asyncio: the same options and calls, which are awaited. Cancelling a task cuts off the
    call that it awaits, and no other.

    The calls have threads of the client's own, `max_threads` of them (64) at most. Any number may wait
    for one, which counts against their timeout.
    """

    def __init__(
        self,
        key: str,
        region: Region = Region.GLOBAL,
        *,
        max_threads: int = 64,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._threads = _Threads(max_threads)
        self._client = Client(key, region, **options)

    async def update(self, enabled: bool, *, on_behalf_of: str | None = None) -> Result:
        """Switches open tracking on or off, as `Client.update`."""
        return await self._call(lambda call: call.update(enabled, on_behalf_of=on_behalf_of))

    async def get(self, *, on_behalf_of: str | None = None) -> Result:
        """Reads whether open tracking is on."""
        return await self._call(lambda call: call.get(on_behalf_of=on_behalf_of))

    def update_many(self, enabled: bool, names: Iterable[str] | AsyncIterable[str]) -> AsyncItems:
        """`Client.update_many` for `async for`."""
        return AsyncItems(names, self._client, lib.sg_client_update_many, enabled_to_c(enabled))

    def get_many(self, names: Iterable[str] | AsyncIterable[str]) -> AsyncItems:
        """`Client.get_many` for `async for`."""
        return AsyncItems(names, self._client, lib.sg_client_get_many)

    def list_subusers(self) -> AsyncGenerator[str, None]:
        """`Client.list_subusers` for `async for`."""
        return aread(self._client, subusers)

    def derive(self, timeout: float | None = None) -> AsyncClient:
        """`Client.derive`; the threads are shared too."""
        derived = AsyncClient.__new__(AsyncClient)
        derived._threads = self._threads
        derived._client = self._client.derive(timeout)
        return derived

    def cancel(self) -> None:
        """`Client.cancel`. It does not block, and may be called from any thread."""
        self._client.cancel()

    async def aclose(self) -> None:
        """Cancels what is in flight and gives the client up, as `Client.close`."""
        self._client.close()

    def __reduce_ex__(self, protocol: object) -> Any:
        """As for `Client`."""
        raise TypeError("an AsyncClient can't be copied or pickled: share it, or derive() one")

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return repr(self._client).replace("Client", "AsyncClient")

    async def _call(self, function: Callable[[Client], Result]) -> Result:
        timeout = self._client._timeout
        deadline = time.monotonic() + timeout

        def run() -> Result:
            with client._for_one_call(max(0.001, deadline - time.monotonic())) as call:
                return function(call)

        with self._client._for_one_call() as client:  # leaving it cuts the call off
            if in_main_thread() or threading.current_thread().daemon:
                _left_by_the_end.add(client)
            work = self._threads.submit(functools.partial(contextvars.copy_context().run, run))
            ended = asyncio.wrap_future(work)
            try:
                await asyncio.wait([ended], timeout=timeout)
                if work.cancel():
                    raise _no_thread_within(timeout)
                return await ended
            finally:
                _left_by_the_end.discard(client)
                ended.cancel()
                del ended, work  # as in `result_of`


_left_by_the_end: Final[set[Client]] = set()
"""The clients of calls that nobody awaits any more once the main thread has ended."""


def _cut_off() -> None:
    """Python's end waits for the threads of executors."""
    for client in list(_left_by_the_end):
        client.cancel()


# How `concurrent.futures` has itself called, before it waits for them: the last to register is the first.
with contextlib.suppress(AttributeError, RuntimeError):
    threading._register_atexit(_cut_off)  # type: ignore[attr-defined]


def _no_thread_within(timeout: float) -> CallTimeoutError:
    error = CallTimeoutError(
        f"the deadline of {timeout} s passed before a thread was free for the call: allow more at once, by"
        " max_threads"
    )
    error.elapsed = timeout
    return error


class _Threads:
    """A bounded number of threads, which a process that was forked starts anew."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ArgumentError("max_threads must be 1 or more")
        self._limit = limit
        self._owner = 0

    def submit(self, function: Callable[[], Result]) -> Future[Result]:
        if self._owner != os.getpid():
            self._executor = ThreadPoolExecutor(self._limit, "sg_open_tracking")
            self._owner = os.getpid()
        return self._executor.submit(function)
