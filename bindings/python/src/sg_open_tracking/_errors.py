"""What a call can end in: the codes of the library, and an exception class for each."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """`sg_code`, value for value; one that only a newer library knows is `UNKNOWN_` and its number."""

    OK = 0
    ARGUMENT = 1
    CANCELLED = 2
    INTERNAL = 3
    PARTIAL = 4
    DNS = 10
    CONNECT = 11
    PROXY = 12
    TLS = 13
    TIMEOUT = 14
    IO = 15
    PROTOCOL = 16
    BAD_REQUEST = 20
    UNAUTHORIZED = 21
    FORBIDDEN = 22
    NOT_FOUND = 23
    RATE_LIMITED = 24
    SERVER = 25
    STATUS = 26
    NOT_APPLIED = 27

    @classmethod
    def _missing_(cls, value: object) -> Code | None:
        if not isinstance(value, int):
            return None
        unknown = int.__new__(cls, value)
        unknown._name_, unknown._value_ = f"UNKNOWN_{value}", value
        return unknown


class OpenTrackingError(Exception):
    """A call that did not do what it was asked to. Its text says what happened and what to do."""

    code: Code = Code.INTERNAL
    http_status: int = 0
    """Of the last response; 0 if none arrived."""
    attempts: int = 0
    """Requests sent, the first included."""
    retry_after: float | None = None
    """Seconds that the server asked to wait, if it did."""
    elapsed: float = 0.0
    """Seconds that the call took, waits included."""
    enabled: bool | None = None
    """What the server reported: known for `NotAppliedError` alone."""


class ArgumentError(OpenTrackingError, ValueError):
    """A key, name, region or option that was refused before anything was sent."""

    code = Code.ARGUMENT


class ClosedError(ArgumentError):
    """The client was closed before the call."""


class CallCancelledError(OpenTrackingError):
    """`Client.cancel` or `Client.close` cut the call off."""

    code = Code.CANCELLED


class InternalError(OpenTrackingError):
    """A bug in the library."""

    code = Code.INTERNAL


class NetworkError(OpenTrackingError, ConnectionError):
    """No connection to the server, or it broke."""


class DnsError(NetworkError):
    """The host's name was not resolved."""

    code = Code.DNS


class ConnectError(NetworkError):
    """The host took no connection."""

    code = Code.CONNECT


class ProxyError(NetworkError):
    """The proxy did not let the connection through."""

    code = Code.PROXY


class TlsError(NetworkError):
    """The certificate was not trusted, or the handshake failed."""

    code = Code.TLS


class ConnectionBrokenError(NetworkError):
    """The connection broke during the call."""

    code = Code.IO


class CallTimeoutError(OpenTrackingError, TimeoutError):
    """The deadline passed, retries and waits included."""

    code = Code.TIMEOUT


class ProtocolError(OpenTrackingError):
    """The server's answer could not be understood."""

    code = Code.PROTOCOL


class ApiError(OpenTrackingError):
    """The server answered, and the answer is not success."""


class BadRequestError(ApiError):
    """400, or another 4xx that has no class of its own."""

    code = Code.BAD_REQUEST


class UnauthorizedError(ApiError):
    """401: a wrong key, or one of another region."""

    code = Code.UNAUTHORIZED


class ForbiddenError(ApiError):
    """403: the key lacks a scope."""

    code = Code.FORBIDDEN


class NotFoundError(ApiError):
    """404."""

    code = Code.NOT_FOUND


class RateLimitedError(ApiError):
    """429, after the retries that the deadline allowed; see `retry_after`."""

    code = Code.RATE_LIMITED


class ServerError(ApiError):
    """5xx, after the retries that the deadline allowed."""

    code = Code.SERVER


class UnexpectedStatusError(ApiError):
    """Any other status, a redirect included: none is followed."""

    code = Code.STATUS


class NotAppliedError(ApiError):
    """200, but the server reports the other value; see `enabled`."""

    code = Code.NOT_APPLIED


_CLASSES: dict[int, type[OpenTrackingError]] = {
    kind.code: kind
    for kind in (
        ArgumentError,
        CallCancelledError,
        InternalError,
        DnsError,
        ConnectError,
        ProxyError,
        TlsError,
        ConnectionBrokenError,
        CallTimeoutError,
        ProtocolError,
        BadRequestError,
        UnauthorizedError,
        ForbiddenError,
        NotFoundError,
        RateLimitedError,
        ServerError,
        UnexpectedStatusError,
        NotAppliedError,
    )
}


def error_of(code: int, message: str) -> OpenTrackingError:
    """The exception for a code."""
    error = _CLASSES.get(code, OpenTrackingError)(message)
    if error.code != code:
        error.code = Code(code)
    return error
