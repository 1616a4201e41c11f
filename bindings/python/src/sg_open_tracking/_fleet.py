"""The calls for many subusers, as iterators over what the native ones report by their callback."""

from __future__ import annotations

import ctypes
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Final, Union, final

from . import _native
from ._arguments import text_to_c
from ._call import Native, aread, read
from ._errors import Code, OpenTrackingError
from ._result import Result, check, outcome, result_of

if TYPE_CHECKING:
    from ._client import Client

LOT: Final = 1_000
"""How many names are read ahead, for one native call."""


@dataclass(frozen=True)
class Succeeded:
    """One of many accounts, for which the call went well."""

    index: int
    """Its number among the names, from 0."""
    on_behalf_of: str
    result: Result
    error: None = None


@dataclass(frozen=True)
class Failed:
    """One of many accounts, for which it did not."""

    index: int
    """Its number among the names, from 0."""
    on_behalf_of: str
    error: OpenTrackingError
    result: None = None


Item = Union[Succeeded, Failed]
"""What became of one of many accounts: `if item.error is not None` tells the two apart."""

Names = Union[Iterable[str], AsyncIterable[str]]


@dataclass(frozen=True)
class _Many:
    """A native function for many names, and what it is given beside them."""

    client: Client
    function: Callable[..., int]
    arguments: tuple[object, ...]

    def of(self, names: list[str], first: int) -> Native[Item]:
        """The native call for a lot of names, of which the first has that number."""
        texts = [text_to_c(f"names[{index}]", name) for index, name in enumerate(names, first)]
        array = (ctypes.c_char_p * len(texts))(*texts)

        def native(client: Client, report: Callable[[Item], bool]) -> None:
            def on_result(_: object, index: int, result: Any) -> bool:
                ended, number = outcome(result.contents), first + index
                if isinstance(ended, Result):
                    return report(Succeeded(number, names[index], ended))
                return report(Failed(number, names[index], ended))

            with client._in_use() as pointer, _native.callback(_native.ON_RESULT, on_result) as called:
                code = self.function(pointer, *self.arguments, array, len(array), called, None, None)
            if code != Code.PARTIAL:  # which the items have told
                check(code, "names was refused")

        return native


def _checked(names: Any, *kinds: type) -> Any:
    if isinstance(names, str) or not isinstance(names, kinds):  # each letter would be taken for a name
        raise TypeError(f"names must be an iterable of str, not {type(names).__name__}")
    return names


@final
class Items:
    """An `Item` for each account, in the order in which they end; `len` is that of the names.

    Each iteration is a call of its own, which begins with the first item that is asked for.
    """

    def __init__(self, names: Iterable[str], client: Client, function: Any, *arguments: object) -> None:
        self._names = _checked(names, Iterable)
        self._many = _Many(client, function, arguments)

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Item]:
        first = 0
        for lot in _lots(self._names):
            yield from read(self._many.client, self._many.of(lot, first))
            first += len(lot)


@final
class AsyncItems:
    """`Items` for `async for`."""

    def __init__(self, names: Names, client: Client, function: Any, *arguments: object) -> None:
        self._names = _checked(names, Iterable, AsyncIterable)
        self._many = _Many(client, function, arguments)

    def __len__(self) -> int:
        return len(self._names)

    async def __aiter__(self) -> AsyncIterator[Item]:
        first = 0
        async for lot in _alots(self._names):
            items = aread(self._many.client, self._many.of(lot, first))
            try:
                async for item in items:
                    yield item
            finally:
                await items.aclose()
            first += len(lot)


def _lots(names: Iterable[str]) -> Iterator[list[str]]:
    """Names by the thousand. What their iterator raises comes after those that it gave."""
    lot: list[str] = []
    try:
        for name in names:
            lot.append(name)
            if len(lot) == LOT:
                yield lot
                lot = []
    except Exception:
        yield lot
        raise
    if lot:
        yield lot


async def _alots(names: Names) -> AsyncIterator[list[str]]:
    lot: list[str] = []
    try:
        async for name in _each(names):
            lot.append(name)
            if len(lot) == LOT:
                yield lot
                lot = []
    except Exception:
        yield lot
        raise
    if lot:
        yield lot


async def _each(names: Names) -> AsyncIterator[str]:
    if isinstance(names, AsyncIterable):
        async for name in names:
            yield name
    else:
        for name in names:
            yield name


def subusers(client: Client, report: Callable[[str], bool]) -> None:
    """The native call that lists the subusers."""

    def on_subuser(_: object, username: bytes) -> bool:
        return report(username.decode(errors="replace"))

    result = _native.SgResult()
    with client._in_use() as pointer, _native.callback(_native.ON_SUBUSER, on_subuser) as called:
        _native.lib.sg_client_list_subusers(pointer, called, None, ctypes.byref(result))
    result_of(result)
