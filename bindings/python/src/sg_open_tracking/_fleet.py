"""The calls for many subusers: what a native call reports by its callback, as an iterator.

The native call runs in a thread of its own, since nothing that a reader raises may pass through
native frames. Few reports wait to be read: a slow reader slows the call down.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ctypes
import os
import threading
import weakref
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Final, Generic, TypeVar, final

from . import _native
from ._arguments import text_to_c
from ._errors import CancelledError, Code, OpenTrackingError
from ._result import Result, check, outcome

if TYPE_CHECKING:
    from . import Client

T = TypeVar("T")
Native = Callable[["Client", Callable[[T], bool]], None]
"""A native call on a client: it hands over each report, and goes on while the answer is True."""

AHEAD: Final = 64
"""How many reports may wait to be read."""

_running: Final[weakref.WeakSet[Call[Any]]] = weakref.WeakSet()  # each kept by its thread


@dataclass(frozen=True)
class Item:
    """What became of one of many accounts."""

    index: int
    """Its number among the names, from 0."""
    on_behalf_of: str
    result: Result | None
    """None if it failed."""
    error: OpenTrackingError | None
    """Why it failed; None if it did not."""


@final
class Items:
    """An `Item` for each account, in the order in which they end; `len` is how many accounts there are.

    Each iteration is a call of its own, which begins with the first item that is asked for.
    """

    def __init__(self, client: Client, native: Native[Item], count: int) -> None:
        self._client = client
        self._native = native
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        return read(self._client, self._native)


@final
class AsyncItems:
    """`Items` for `async for`."""

    def __init__(self, items: Items) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __aiter__(self) -> AsyncIterator[Item]:
        return aread(self._items._client, self._items._native)


def many(client: Client, names: Iterable[str], function: Callable[..., int], *arguments: object) -> Items:
    """The items of a native function that is given `arguments` and the names."""
    if isinstance(names, str):  # or each of its letters would be taken for a name
        raise TypeError("names must be an iterable of str, not a str")
    names = tuple(names)
    texts = [text_to_c(f"names[{index}]", name) for index, name in enumerate(names)]
    array = (ctypes.c_char_p * len(texts))(*texts)

    def native(client: Client, report: Callable[[Item], bool]) -> None:
        def on_result(_: object, index: int, result: Any) -> bool:
            ended = outcome(result.contents)
            pair = (ended, None) if isinstance(ended, Result) else (None, ended)
            return report(Item(index, names[index], *pair))

        with client._in_use() as pointer, _native.callback(_native.ON_RESULT, on_result) as called:
            code = function(pointer, *arguments, array, len(array), called, None, None)
        if code != Code.PARTIAL:  # which the items have told
            check(code, "names was refused")

    return Items(client, native, len(names))


def subusers(client: Client, report: Callable[[str], bool]) -> None:
    """The native call that lists the subusers."""

    def on_subuser(_: object, username: bytes) -> bool:
        return report(username.decode(errors="replace"))

    result = _native.SgResult()
    with client._in_use() as pointer, _native.callback(_native.ON_SUBUSER, on_subuser) as called:
        _native.lib.sg_client_list_subusers(pointer, called, None, ctypes.byref(result))
    ended = outcome(result)
    if isinstance(ended, OpenTrackingError):
        raise ended


def read(client: Client, native: Native[T]) -> Generator[T, None, None]:
    """Runs a call and yields what it reports. Leaving it cuts the call off, and does not wait."""
    with started(client, native, lambda: None) as call:
        while (report := call.take()) is not None:
            yield report


async def aread(client: Client, native: Native[T]) -> AsyncGenerator[T, None]:
    """`read` that leaves the event loop to others while there is nothing to read."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed, and its readers are gone
            loop.call_soon_threadsafe(changed.set)

    with started(client, native, wake) as call:
        while True:
            changed.clear()
            if not call.ready():
                await changed.wait()
            elif (report := call.take()) is not None:
                yield report
            else:
                return


@contextlib.contextmanager
def started(client: Client, native: Native[T], wake: Callable[[], None]) -> Iterator[Call[T]]:
    """A call that runs in a derived client, which the end of this block closes."""
    with client._for_one_call() as derived:
        call = Call(derived, native, wake)
        with derived._reaches(call):
            call.start()
            try:
                yield call
            finally:
                call.cancel()


@final
class Call(Generic[T]):
    """A native call in a thread of its own, and what it has reported and nobody has read."""

    def __init__(self, client: Client, native: Native[T], wake: Callable[[], None]) -> None:
        self.client = client
        self._native = native
        self._wake = wake
        # A daemon, lest one that a reader has left midway keep the program from its end.
        self.thread = threading.Thread(target=self._run, name="sg_open_tracking", daemon=True)
        self._changed = threading.Condition()  # re-entrant: a signal handler may cancel the client
        self._reports: deque[T] = deque()
        self._stopped = False
        self._ended = False
        self._error: BaseException | None = None

    def start(self) -> None:
        self.thread.start()
        _running.add(self)

    def ready(self) -> bool:
        """Would `take` return at once?"""
        return bool(self._reports) or self._ended

    def take(self) -> T | None:
        """The next report; None at the end, unless an error ended the call: then that is raised."""
        with self._changed:
            self._changed.wait_for(self.ready)
            self._changed.notify_all()
            if self._reports:
                return self._reports.popleft()
            error, self._error = self._error, None
        if error is not None:
            raise error
        return None

    def cancel(self) -> None:
        """Lets go of a call that waits for its reader. Its client's own cancel ends the native one."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def forked(self) -> None:
        """In a child process, where there is no such thread."""
        self._changed = threading.Condition()
        if not self._ended:
            self._error = CancelledError("the process was forked: the call goes on in the parent alone")
            self._ended = True

    def _report(self, report: T) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or len(self._reports) < AHEAD)
            if self._stopped:
                return False
            self._reports.append(report)
            self._changed.notify_all()
        self._wake()
        return True

    def _run(self) -> None:
        try:
            self._native(self.client, self._report)
        except BaseException as error:
            self._error = error  # for the reader to raise
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._wake()


@atexit.register
def _end_all() -> None:
    """A thread that came back from native code after the interpreter's end would bring the process down."""
    for call in list(_running):
        call.client.cancel()
        call.thread.join()


def _after_fork() -> None:
    for call in list(_running):
        call.forked()
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
