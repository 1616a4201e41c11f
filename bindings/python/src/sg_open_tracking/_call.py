"""Native calls in threads of their own, which report to a reader in another.

Nothing that a reader or a signal's handler raises may pass through native frames. Few reports wait to
be read: a slow reader slows the call down.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import weakref
from collections.abc import AsyncGenerator, Generator, Iterator
from typing import TYPE_CHECKING, Any, Callable, Final, Generic, TypeVar, final

from ._errors import CallCancelledError
from ._log import Line, readers
from ._threads import SimpleQueue, get_ident, start_new_thread

if TYPE_CHECKING:
    from ._client import Client

T = TypeVar("T")
Native = Callable[["Client", Callable[[T], bool]], object]
"""A native call on a client: it hands over each report, and goes on while the answer is True."""

AHEAD: Final = 64
"""How many reports may wait to be read."""

_ending = False
_running: Final[set[Call[Any]]] = set()
_readers: Final[weakref.WeakValueDictionary[int, Generator[Any, None, bool]]] = weakref.WeakValueDictionary()


class NoThreadError(RuntimeError):
    """The interpreter starts no thread."""


def read(client: Client, native: Native[T]) -> Generator[T, None, None]:
    """Runs a call and yields what it reports. Leaving it cuts the call off, and does not wait."""
    reader = _read(client, native)
    _readers[id(reader)] = reader
    if not (yield from reader):
        raise CallCancelledError("the interpreter is ending")


def _read(client: Client, native: Native[T]) -> Generator[T, None, bool]:
    """Returns True, unless it was closed."""
    with _started(client, native) as call:
        yield from call
    return True


async def aread(client: Client, native: Native[T]) -> AsyncGenerator[T, None]:
    """`read` that leaves the event loop to others while there is nothing to read."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed, and its readers are gone
            loop.call_soon_threadsafe(changed.set)

    with _started(client, native, wake) as call:
        while True:
            changed.clear()
            if call.has_nothing_yet():
                await changed.wait()
                continue
            try:
                report = call.take()
            except StopIteration:
                return
            if report is not None:
                yield report


def beside(client: Client, function: Callable[[Client], T]) -> T:
    """Runs a call while this thread waits, and runs the handlers of signals. What one raises cuts the
    call off."""

    def native(derived: Client, report: Callable[[T], bool]) -> None:
        report(function(derived))

    with _started(client, native) as call:
        return next(call)


@contextlib.contextmanager
def _started(client: Client, native: Native[T], wake: Callable[[], None] = lambda: None) -> Iterator[Call[T]]:
    """A call that runs in a derived client, which the end of this block closes."""
    with client._for_one_call() as derived:
        call = Call(derived, native, wake)
        with derived._reaches(call):
            try:
                call.start()
                yield call
            finally:
                call.cancel()


class _End:
    """The last thing that a call reports."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


@final
class Call(Generic[T]):
    """A native call in a thread of its own, and an iterator over what it reports."""

    def __init__(self, client: Client, native: Native[T], wake: Callable[[], None]) -> None:
        self._client = client
        self._native = native
        self._wake = wake
        self._reports: SimpleQueue[T | Line | _End] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()  # holds something for each report that may wait
        self._stopped = False
        for _ in range(AHEAD):
            self._room.put(None)

    def start(self) -> None:
        _running.add(self)
        try:
            if _ending:  # what started now would be left behind
                raise RuntimeError("it is ending")
            # Like a daemon, it does not keep the program from its end.
            start_new_thread(self._run, ())
        except RuntimeError as error:
            self.end(_End(None))
            raise NoThreadError(
                f"the call needs a thread of its own, and this interpreter starts none: {error}."
                " In the main thread, calls for one account need none"
            ) from None

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while (report := self.take()) is None:
            pass
        return report

    def take(self) -> T | None:
        """The next report; or None for a line of the log, which is logged in the reader's own thread
        and context."""
        report = self._reports.get()
        if isinstance(report, Line):
            report.log()
            return None
        if isinstance(report, _End):
            self._reports.put(report)  # for who asks again
            error, report.error = report.error, None
            try:
                raise StopIteration if error is None else error
            finally:
                del error  # as in `result_of`
        self._room.put(None)
        return report

    def has_nothing_yet(self) -> bool:
        """Would the next report have to be waited for?"""
        return self._reports.empty()

    def cancel(self) -> None:
        """Lets go of a call that waits for its reader. Its client's own cancel ends the native one."""
        self._stopped = True
        self._room.put(None)

    def finish(self) -> None:
        """Cuts the call off, and waits for its end."""
        self._client.cancel()
        while not isinstance(report := self._reports.get(), _End):
            pass
        self._reports.put(report)

    def end(self, end: _End) -> None:
        _running.discard(self)
        self._reports.put(end)
        self._wake()

    def _report(self, report: T) -> bool:
        self._room.get()
        self._reports.put(report)
        self._wake()
        return not self._stopped

    def _tell(self, line: Line) -> None:
        self._reports.put(line)
        self._wake()

    def _run(self) -> None:
        end = _End(None)
        readers[get_ident()] = self._tell
        try:
            self._native(self._client, self._report)
        except BaseException as error:
            end.error = error  # for the reader to raise
        del readers[get_ident()]
        self.end(end)


@atexit.register
def _finish_all() -> None:
    """A thread that came back from native code after the interpreter's end would bring the process down,
    and a reader that is left until then would not find these modules any more. Daemon threads go on
    meanwhile."""
    global _ending
    _ending = True
    for reference in _readers.valuerefs():
        reader = reference()
        if reader is not None:
            with contextlib.suppress(ValueError):  # a daemon thread is in it
                reader.close()
    for call in list(_running):
        call.finish()


def _after_fork() -> None:
    """The child has none of the threads."""
    for call in list(_running):
        call.end(_End(CallCancelledError("the process was forked: the call goes on in the parent alone")))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
