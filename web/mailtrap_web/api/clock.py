"""The sandbox's clock: what time it is, and moving it ahead instead of waiting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from mailtrap import quantities
from mailtrap_web.api.problems import Problem
from mailtrap_web.api.routes import Call, route
from mailtrap_web.api.shapes import moment


class ClockShape(TypedDict):
    """The time by the sandbox's clock, and the seconds that it is ahead of the machine's."""

    time: str
    ahead: float


@dataclass(frozen=True, slots=True)
class Advance:
    """How far: seconds, or text such as ``1h``."""

    advance: str | float


@route("GET", "/v1/clock")
def clock(call: Call) -> ClockShape:
    """The time by the sandbox's clock."""
    return {"time": moment(call.world.clock.time()), "ahead": call.world.clock.ahead}


@route("POST", "/v1/clock")
def advance(call: Call, *, body: Advance) -> ClockShape:
    """Move the clock ahead, for everybody; answers once all that became due is done.

    Greylisting, rates, faults that begin or expire, bounces for later and the age of messages go by it.
    """
    try:
        call.world.clock.advance(quantities.duration(body.advance))
    except ValueError as error:
        raise Problem(400, "bad_body", f"advance must be {error}", member="advance") from None
    return clock(call)
