"""Single calls with no set-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._arguments import ClientOptions, Region
from ._async_client import AsyncClient
from ._client import Client

if TYPE_CHECKING:
    from typing_extensions import Unpack


def update_open_tracking(
    key: str,
    enabled: bool,
    *,
    region: Region = Region.GLOBAL,
    on_behalf_of: str | None = None,
    **options: Unpack[ClientOptions],
) -> bool:
    """One update; returns what the server reported. It has a client and a connection of its own: for
    many calls, make a `Client`."""
    with Client(key, region, **options) as client:
        return client.update(enabled, on_behalf_of=on_behalf_of).enabled


def get_open_tracking(
    key: str,
    *,
    region: Region = Region.GLOBAL,
    on_behalf_of: str | None = None,
    **options: Unpack[ClientOptions],
) -> bool:
    """One read, as `update_open_tracking`."""
    with Client(key, region, **options) as client:
        return client.get(on_behalf_of=on_behalf_of).enabled


async def aupdate_open_tracking(
    key: str,
    enabled: bool,
    *,
    region: Region = Region.GLOBAL,
    on_behalf_of: str | None = None,
    **options: Unpack[ClientOptions],
) -> bool:
    """`update_open_tracking` for asyncio. Cancelling the task cuts the call off."""
    async with AsyncClient(key, region, **options) as client:
        return (await client.update(enabled, on_behalf_of=on_behalf_of)).enabled


async def aget_open_tracking(
    key: str,
    *,
    region: Region = Region.GLOBAL,
    on_behalf_of: str | None = None,
    **options: Unpack[ClientOptions],
) -> bool:
    """`get_open_tracking` for asyncio. Cancelling the task cuts the call off."""
    async with AsyncClient(key, region, **options) as client:
        return (await client.get(on_behalf_of=on_behalf_of)).enabled
