"""Refusals: transactions that ended without a message."""

from __future__ import annotations

from typing import TypedDict

from mailtrap.store.records import Refusal
from mailtrap_web.api.cursors import place
from mailtrap_web.api.kinds import Limit, Place
from mailtrap_web.api.routes import Call, route
from mailtrap_web.api.shapes import EnvelopeShape, envelope_shape, moment_or_none


class RefusalShape(TypedDict):
    """At which verb a transaction ended, and what the server said (nothing, where the client broke off)."""

    at: str | None
    session: str
    stage: str
    reply: str
    envelope: EnvelopeShape


class RefusalList(TypedDict):
    """A page of refusals, oldest first."""

    refusals: list[RefusalShape]
    next: str | None


@route("GET", "/v1/refusals")
def refusals(call: Call, *, limit: Limit = 50, cursor: Place = None) -> RefusalList:
    """What was refused, aborted or broken off, oldest first."""
    found = call.world.store.refusals(call.project, since=cursor or 0, limit=limit + 1)
    more = len(found) > limit
    return {"refusals": list(map(_shape, found[:limit])), "next": place(found[limit - 1].number if more else None)}


def _shape(each: Refusal) -> RefusalShape:
    return {
        "at": moment_or_none(each.at),
        "session": each.session,
        "stage": each.stage,
        "reply": each.reply,
        "envelope": envelope_shape(each.envelope),
    }
