"""Sessions: the conversations of all protocols, also those that delivered nothing."""

from __future__ import annotations

from typing import TypedDict

from mailtrap.store.records import Session
from mailtrap.transcript import Transcript
from mailtrap_web.api.kinds import Limit, SessionId, SessionPlace
from mailtrap_web.api.routes import Call, route
from mailtrap_web.api.shapes import moment, moment_or_none


class SessionShape(TypedDict):
    """A conversation; ``ended`` is null while it goes on. Refusals are transactions that delivered nothing."""

    id: str
    protocol: str
    peer: str
    started: str
    ended: str | None
    messages: int
    refusals: int


class SessionList(TypedDict):
    """A page of sessions, newest first."""

    sessions: list[SessionShape]
    next: str | None


class LineShape(TypedDict):
    """What was said: ``C`` by the client, ``S`` by the server, ``-`` is a remark; ``at`` counts seconds."""

    at: float
    who: str
    text: str


class TranscriptShape(TypedDict):
    """A conversation as far as it goes, credentials masked."""

    id: str
    protocol: str
    peer: str
    local: str
    started: str
    lines: list[LineShape]


@route("GET", "/v1/sessions")
def sessions(call: Call, *, limit: Limit = 50, cursor: SessionPlace = None) -> SessionList:
    """Sessions, newest first, the open ones among them."""
    found = call.world.store.sessions(before=cursor, limit=limit + 1)
    more = len(found) > limit
    return {"sessions": list(map(_shape, found[:limit])), "next": found[limit - 1].id if more else None}


@route("GET", "/v1/sessions/{session_id}")
def session(call: Call, session_id: SessionId) -> TranscriptShape:
    """One session, with its transcript."""
    return _transcript(call.world.store.transcript(session_id))


def _shape(each: Session) -> SessionShape:
    return {
        "id": each.id,
        "protocol": each.protocol,
        "peer": each.peer,
        "started": moment(each.started),
        "ended": moment_or_none(each.ended),
        "messages": each.messages,
        "refusals": each.refusals,
    }


def _transcript(transcript: Transcript) -> TranscriptShape:
    return {
        "id": transcript.id,
        "protocol": transcript.protocol,
        "peer": transcript.peer,
        "local": transcript.local,
        "started": moment(transcript.started),
        "lines": [{"at": round(each.at, 6), "who": each.who, "text": each.text} for each in transcript.lines()],
    }
