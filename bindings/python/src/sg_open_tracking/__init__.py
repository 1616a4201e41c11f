"""Switch SendGrid's open tracking on or off.

    from sg_open_tracking import Client

    with Client(key) as client:
        client.update(False, on_behalf_of="news@example.com")

A `Client` may be used by any number of threads at once; every call releases the GIL and ends within the
client's timeout. `AsyncClient` is the same for asyncio. What goes wrong is raised as an `OpenTrackingError`.
"""

from __future__ import annotations

from ._arguments import ClientOptions, Region
from ._async_client import AsyncClient
from ._client import Client
from ._errors import (
    ApiError,
    ArgumentError,
    BadRequestError,
    CallCancelledError,
    CallTimeoutError,
    ClosedError,
    Code,
    ConnectError,
    ConnectionBrokenError,
    DnsError,
    ForbiddenError,
    InternalError,
    NetworkError,
    NotAppliedError,
    NotFoundError,
    OpenTrackingError,
    ProtocolError,
    ProxyError,
    RateLimitedError,
    ServerError,
    TlsError,
    UnauthorizedError,
    UnexpectedStatusError,
)
from ._fleet import AsyncItems, Failed, Item, Items, Succeeded
from ._native import library_version
from ._one_call import (
    aget_open_tracking,
    aupdate_open_tracking,
    get_open_tracking,
    update_open_tracking,
)
from ._result import Result

__version__ = "1.1.0"

__all__ = [
    "ApiError",
    "ArgumentError",
    "AsyncClient",
    "AsyncItems",
    "BadRequestError",
    "CallCancelledError",
    "CallTimeoutError",
    "Client",
    "ClientOptions",
    "ClosedError",
    "Code",
    "ConnectError",
    "ConnectionBrokenError",
    "DnsError",
    "Failed",
    "ForbiddenError",
    "InternalError",
    "Item",
    "Items",
    "NetworkError",
    "NotAppliedError",
    "NotFoundError",
    "OpenTrackingError",
    "ProtocolError",
    "ProxyError",
    "RateLimitedError",
    "Region",
    "Result",
    "ServerError",
    "Succeeded",
    "TlsError",
    "UnauthorizedError",
    "UnexpectedStatusError",
    "aget_open_tracking",
    "aupdate_open_tracking",
    "get_open_tracking",
    "library_version",
    "update_open_tracking",
]
