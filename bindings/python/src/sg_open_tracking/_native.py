"""The ctypes layer: finds the library, checks its version and declares its functions."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_bool,
    c_char,
    c_char_p,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint32,
    c_void_p,
)
from pathlib import Path
from typing import Any, Callable, Final

NEEDED: Final = (1, 1)
"""The oldest version of the library that has all that this package uses."""

if sys.platform == "win32":
    NAMES = ("sg_open_tracking.dll", "libsg_open_tracking.dll")
elif sys.platform == "darwin":
    NAMES = ("libsg_open_tracking.1.dylib", "libsg_open_tracking.dylib")
else:
    NAMES = ("libsg_open_tracking.so.1", "libsg_open_tracking.so")


class SgResult(ctypes.Structure):
    """`sg_result`: 512 bytes, a layout that never changes."""

    _fields_ = (
        ("code", c_int32),
        ("http_status", c_int32),
        ("enabled", c_bool),
        ("reserved_", c_uint8 * 3),
        ("attempts", c_uint32),
        ("retry_after_ms", c_int64),
        ("elapsed_us", c_int64),
        ("message", c_char * 480),
    )

    code: int
    http_status: int
    enabled: bool
    attempts: int
    retry_after_ms: int
    elapsed_us: int
    message: bytes


_CONFIG = _CLIENT = c_void_p
_RESULT = POINTER(SgResult)
_NAMES = POINTER(c_char_p)

ON_RESULT: Final = CFUNCTYPE(c_bool, c_void_p, c_size_t, _RESULT)
ON_SUBUSER: Final = CFUNCTYPE(c_bool, c_void_p, c_char_p)
ON_LOG: Final = CFUNCTYPE(None, c_void_p, c_int32, c_char_p)

_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "sg_open_tracking_update": (c_int32, (c_char_p, c_bool, c_int32, c_char_p, POINTER(c_bool))),
    "sg_open_tracking_get": (c_int32, (c_char_p, c_int32, c_char_p, POINTER(c_bool))),
    "sg_config_new": (_CONFIG, ()),
    "sg_config_free": (None, (_CONFIG,)),
    "sg_config_set_timeout_ms": (c_int32, (_CONFIG, c_uint32)),
    "sg_config_set_connect_timeout_ms": (c_int32, (_CONFIG, c_uint32)),
    "sg_config_set_max_retries": (c_int32, (_CONFIG, c_uint32)),
    "sg_config_set_max_connections": (c_int32, (_CONFIG, c_uint32)),
    "sg_config_set_requests_per_minute": (c_int32, (_CONFIG, c_uint32)),
    "sg_config_set_base_url": (c_int32, (_CONFIG, c_char_p)),
    "sg_config_set_proxy": (c_int32, (_CONFIG, c_char_p)),
    "sg_config_set_ca_file": (c_int32, (_CONFIG, c_char_p)),
    "sg_config_set_user_agent": (c_int32, (_CONFIG, c_char_p)),
    "sg_config_set_log": (c_int32, (_CONFIG, c_int32, ON_LOG, c_void_p)),
    "sg_client_new": (c_int32, (c_char_p, c_int32, _CONFIG, POINTER(_CLIENT))),
    "sg_client_derive": (c_int32, (_CLIENT, c_uint32, POINTER(_CLIENT))),
    "sg_client_free": (None, (_CLIENT,)),
    "sg_client_update": (c_int32, (_CLIENT, c_bool, c_char_p, _RESULT)),
    "sg_client_get": (c_int32, (_CLIENT, c_char_p, _RESULT)),
    "sg_client_cancel": (None, (_CLIENT,)),
    "sg_client_update_many": (
        c_int32,
        (_CLIENT, c_bool, _NAMES, c_size_t, ON_RESULT, c_void_p, _RESULT),
    ),
    "sg_client_get_many": (c_int32, (_CLIENT, _NAMES, c_size_t, ON_RESULT, c_void_p, _RESULT)),
    "sg_client_list_subusers": (c_int32, (_CLIENT, ON_SUBUSER, c_void_p, _RESULT)),
    "sg_strerror": (c_char_p, (c_int32,)),
    "sg_version": (c_char_p, ()),
}


def _open() -> ctypes.CDLL:
    """The library that the environment names; else one beside this file; else the loader's."""
    named = os.environ.get("SG_OPEN_TRACKING_LIBRARY")
    beside = [str(path) for path in map(Path(__file__).with_name, NAMES) if path.exists()]
    failures = []
    for candidate in [named] if named else [*beside, *NAMES]:
        try:
            return ctypes.CDLL(candidate)
        except OSError as error:
            failures.append(f"  {candidate}: {error}")
    hint = "install it, or set SG_OPEN_TRACKING_LIBRARY to its path"
    raise ImportError("\n".join([f"libsg_open_tracking was not found: {hint}. Tried:", *failures]))


@contextlib.contextmanager
def callback(kind: Any, function: Callable[..., bool]) -> Iterator[object]:
    """A function for C to call. What it raises says stop, and is raised when the native call is over."""
    raised: list[BaseException] = []

    def guarded(*arguments: Any) -> bool:
        try:
            return function(*arguments)
        except BaseException as error:
            raised.append(error)
            return False

    yield kind(guarded)
    if raised:
        raise raised[0]


def check_version(path: str, version: str, needed: tuple[int, int] = NEEDED) -> None:
    """Refuses a library that is older than the one that is needed, or of another major version."""
    major, minor = map(int, version.split(".")[:2])
    if major != needed[0] or minor < needed[1]:
        raise ImportError(
            f"{path} is libsg_open_tracking {version}, and this package needs {needed[0]}.{needed[1]}"
            f" or a later {needed[0]}.x: install one, or set SG_OPEN_TRACKING_LIBRARY to its path"
        )


def load() -> ctypes.CDLL:
    """The library, with every function declared."""
    library = _open()
    try:
        library.sg_version.restype = c_char_p
        check_version(library._name, library.sg_version().decode())
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as error:
        raise ImportError(f"{library._name} is not the libsg_open_tracking that was meant: {error}") from None
    return library


lib: Final = load()


def library_version() -> str:
    """The version of the native library."""
    return str(lib.sg_version().decode())
