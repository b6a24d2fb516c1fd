"""Whether the sandbox lives, and whether it can serve."""

from __future__ import annotations

import asyncio
from typing import TypedDict

from mailtrap_web.api.routes import Call, route


class HealthShape(TypedDict):
    """``ok``; anything else is a problem."""

    status: str


@route("GET", "/livez")
async def livez(call: Call) -> HealthShape:  # noqa: ARG001 - every operation is called alike
    """Whether the process lives. The gate lets everybody ask."""
    return {"status": "ok"}


@route("GET", "/readyz")
async def readyz(call: Call) -> HealthShape:
    """Whether the store can be read: 503 where it cannot. The gate lets everybody ask."""
    await asyncio.to_thread(call.world.store.cursor)
    return {"status": "ok"}
