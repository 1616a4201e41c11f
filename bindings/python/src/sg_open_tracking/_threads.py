"""Threads and locks of the system's own, also where gevent or eventlet have put theirs in their place:
a native call holds its thread up, and switches to no other greenlet."""

from __future__ import annotations

import _thread
import sys
import threading
from _queue import SimpleQueue  # the one of queue may be theirs
from typing import Any, Final

__all__ = ["RLock", "SimpleQueue", "get_ident", "in_main_thread", "start_new_thread"]


def _systems(name: str) -> Any:
    """What `_thread` has of that name, or had before it was patched."""
    if "gevent.monkey" in sys.modules:
        return sys.modules["gevent.monkey"].get_original("_thread", name)
    if "eventlet.patcher" in sys.modules:
        return getattr(sys.modules["eventlet.patcher"].original("_thread"), name)
    return getattr(_thread, name)


RLock: Final = _systems("RLock")
start_new_thread: Final = _systems("start_new_thread")
get_ident: Final = _systems("get_ident")


def in_main_thread() -> bool:
    """Is this the thread in which the handlers of signals run?"""
    return bool(get_ident() == threading.main_thread().ident)
