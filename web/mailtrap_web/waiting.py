"""Waiting for whatever comes first, and for a peer to go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


async def first_of(*what: Awaitable[Any]) -> None:
    """Wait until one of these is done; the others are cancelled, and have ended, when it returns."""
    waiting = [asyncio.ensure_future(each) for each in what]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def gone(receive: Receive) -> None:
    """The peer is gone; what comes before that is not heard."""
    while (await receive())["type"] != "http.disconnect":
        pass
