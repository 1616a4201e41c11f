"""From Python's values to C's: what is refused here would otherwise be cut short, wrap around or
be taken for something else on the way."""

from __future__ import annotations

import operator
import os
from enum import IntEnum
from typing import Any, Callable, Final, TypedDict

from ._errors import ArgumentError

_UINT32_MAX: Final = 2**32 - 1


class Region(IntEnum):
    """Where the account lives. A key of one region does not work in the other."""

    GLOBAL = 0
    EU = 1


class ClientOptions(TypedDict, total=False):
    """What a client may be told; None, where it may stand, is the default."""

    timeout: float | None
    """Seconds for a whole call, retries and waits included: 30."""
    connect_timeout: float | None
    """Seconds for the part of it that connects: 10."""
    max_retries: int | None
    """For lost connections, 429 and 5xx: 2."""
    max_connections: int | None
    """Kept open, and used at once by the calls for many: 8."""
    requests_per_minute: int | None
    """A cap for the client; 0, the default, leaves the pace to the server."""
    base_url: str | None
    """https, or http on a loopback address."""
    proxy: str | None
    """A URL; "" is none, None as the environment says."""
    ca_file: str | os.PathLike[str] | None
    """PEM; it replaces the system's trust store."""
    user_agent: str | None
    """Appended to the library's own."""


KEY: Final = "1 to 512 characters of visible ASCII, with no space"
ON_BEHALF_OF: Final = "1 to 256 characters of printable ASCII, with no space at either end"
SECONDS: Final = f"more than 0 and at most {_UINT32_MAX // 1000} seconds"


def text_to_c(name: str, value: str) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    try:
        text = value.encode()
    except UnicodeEncodeError:
        raise ArgumentError(f"{name} must be valid Unicode") from None  # its cause would show the key
    if b"\0" in text:
        raise ArgumentError(f"{name} must not hold a NUL")
    return text


def path_to_c(name: str, value: str | os.PathLike[str]) -> bytes:
    return text_to_c(name, os.fspath(value))


def on_behalf_of_to_c(value: str | None) -> bytes | None:
    return None if value is None else text_to_c("on_behalf_of", value)


def enabled_to_c(value: bool) -> bool:
    if not isinstance(value, bool):  # or "off" would switch it on
        raise TypeError(f"enabled must be a bool, not {type(value).__name__}")
    return value


def region_to_c(value: Region) -> int:
    try:
        return Region(value).value
    except ValueError:
        raise ArgumentError(f"region must be a Region, not {value!r}") from None


def seconds_to_c(name: str, value: float) -> int:
    if not 0 < value <= _UINT32_MAX / 1000:
        raise ArgumentError(f"{name} must be {SECONDS}")
    return max(1, round(value * 1000))


def count_to_c(name: str, value: int) -> int:
    if not 0 <= operator.index(value) <= _UINT32_MAX:
        raise ArgumentError(f"{name} must be {SETTERS[name][2]}")
    return value


SETTERS: Final[dict[str, tuple[str, Callable[[str, Any], Any], str]]] = {
    "timeout": ("sg_config_set_timeout_ms", seconds_to_c, SECONDS),
    "connect_timeout": ("sg_config_set_connect_timeout_ms", seconds_to_c, SECONDS),
    "max_retries": ("sg_config_set_max_retries", count_to_c, f"0 to {_UINT32_MAX}"),
    "max_connections": ("sg_config_set_max_connections", count_to_c, "1 to 1024"),
    "requests_per_minute": ("sg_config_set_requests_per_minute", count_to_c, f"0 to {_UINT32_MAX}"),
    "base_url": ("sg_config_set_base_url", text_to_c, "an https URL, or http on a loopback address"),
    "proxy": ("sg_config_set_proxy", text_to_c, 'the URL of a proxy, or "" for none'),
    "ca_file": ("sg_config_set_ca_file", path_to_c, "a readable file of PEM certificates"),
    "user_agent": ("sg_config_set_user_agent", text_to_c, "1 to 256 characters of printable ASCII"),
}
"""Each option's setter, how its value goes to C, and what the library takes, to stand after "must be"."""
