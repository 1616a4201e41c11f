"""What a call gave: a `Result`, or the exception that says why not."""

from __future__ import annotations

from dataclasses import dataclass

from . import _native
from ._errors import Code, OpenTrackingError, error_of


@dataclass(frozen=True)
class Result:
    """A call that succeeded."""

    enabled: bool
    """What the server reported: is open tracking on?"""
    http_status: int
    attempts: int
    """Requests sent, the first included."""
    retry_after: float | None
    """Seconds that the server asked to wait, if it did."""
    elapsed: float
    """Seconds that the call took, waits included."""


def outcome(result: _native.SgResult) -> Result | OpenTrackingError:
    """What a call has written, in Python's terms."""
    retry_after = None if result.retry_after_ms < 0 else result.retry_after_ms / 1000
    elapsed = result.elapsed_us / 1_000_000
    if result.code == Code.OK:
        return Result(result.enabled, result.http_status, result.attempts, retry_after, elapsed)
    error = error_of(result.code, result.message.decode(errors="replace"))
    error.http_status = result.http_status
    error.attempts = result.attempts
    error.retry_after = retry_after
    error.elapsed = elapsed
    error.enabled = result.enabled if result.code == Code.NOT_APPLIED else None
    return error


def result_of(result: _native.SgResult) -> Result:
    """What a call has written, or raises it."""
    ended = outcome(result)
    try:
        if isinstance(ended, OpenTrackingError):
            raise ended
        return ended
    finally:
        del ended  # or an error would hold this frame, and this frame the error, until both are collected


def check(code: int, refusal: str) -> None:
    """Raises what a bare code means; `refusal` says it for a refused argument."""
    if code != Code.OK:
        raise error_of(code, refusal if code == Code.ARGUMENT else _native.lib.sg_strerror(code).decode())
