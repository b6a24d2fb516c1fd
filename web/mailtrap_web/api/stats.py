"""Figures: how much is stored, how much is kept, and how much room there is."""

from __future__ import annotations

from typing import TypedDict

from mailtrap_web.api.routes import Call, route


class DiskShape(TypedDict):
    """The file system that the store is on, in octets; *warning* from 80 % on."""

    total: int
    free: int
    used: float
    warning: str | None


class KeptShape(TypedDict):
    """The limits of the project: messages, octets, seconds; null is without limit."""

    messages: int | None
    octets: int | None
    age: float | None


class StatsShape(TypedDict):
    """The number of messages is that of lists: without those that clients have appended."""

    messages: int
    keep: KeptShape
    disk: DiskShape


@route("GET", "/v1/stats")
def stats(call: Call) -> StatsShape:
    """How many messages there are, what is kept of them, and how full the disk is."""
    store = call.world.store
    limits, disk = store.limits(call.project), store.disk()
    return {
        "messages": store.messages(call.project, limit=1).total,
        "keep": {"messages": limits.messages, "octets": limits.octets, "age": limits.age},
        "disk": {"total": disk.total, "free": disk.free, "used": round(disk.used, 4), "warning": disk.warning},
    }
