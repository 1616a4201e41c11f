"""The library's log, as records of the logger "sg_open_tracking"."""

from __future__ import annotations

import json
import logging
import re
import traceback
from dataclasses import dataclass
from typing import Any, Callable, Final

from . import _native
from ._threads import get_ident

LOGGER: Final = logging.getLogger("sg_open_tracking")
LEVELS: Final = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG}
"""By `sg_log`."""

_FIELD: Final = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
_TEXTS: Final = ("on_behalf_of", "why")  # which may look like numbers

readers: Final[dict[int, Callable[[Line], None]]] = {}
"""What takes the lines of the native call in that thread."""


@dataclass(frozen=True)
class Line:
    level: int
    text: str

    def log(self) -> None:
        try:
            LOGGER.log(LEVELS[self.level], self.text, extra=fields(self.text))
        except Exception:
            if logging.raiseExceptions:  # as for what goes wrong in a handler
                traceback.print_exc()


def fields(line: str) -> dict[str, Any]:
    return {name: _value(name, text) for name, text in _FIELD.findall(line)}


def _value(name: str, text: str) -> Any:
    is_text = name in _TEXTS or not (text.isdecimal() or text in ("true", "false"))
    return text if is_text and not text.startswith('"') else json.loads(text)


def wanted() -> int | None:
    """The least urgent level that the logger takes now; None if it has no handler for any."""
    if LOGGER.hasHandlers():
        for level in sorted(LEVELS, reverse=True):
            if LOGGER.isEnabledFor(LEVELS[level]):
                return level
    return None


def _on_log(_: object, level: int, line: bytes) -> None:
    told = Line(level, line.decode(errors="replace"))
    readers.get(get_ident(), Line.log)(told)


on_log: Final = _native.ON_LOG(_on_log)
