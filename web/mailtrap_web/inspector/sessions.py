"""The sessions: who connected, what was said, and what came of it; also where nothing did."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from mailtrap.message.summary import Summary
from mailtrap.search import tree
from mailtrap.transcript import Transcript
from mailtrap_web.inspector.page import page, pages, project, world

ROWS = 50
_VERB = re.compile(r"[A-Za-z]+(?: (?:FROM|TO)(?=:))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a transcript, as it is shown: *bold* is its verb, or the code of a refusal."""

    at: float
    who: str
    bold: str
    rest: str
    bad: bool


@pages.get("/sessions")
def sessions() -> ResponseReturnValue:
    """Sessions, newest first."""
    return page("sessions.html", **_sessions())


@pages.get("/sessions/<session_id>")
def session(session_id: str) -> ResponseReturnValue:
    """One of them, with all that was said."""
    transcript = world().store.transcript(session_id)
    return page("sessions.html", **_sessions(), **conversation(transcript))


def conversation(transcript: Transcript) -> dict[str, Any]:
    """What a template needs to show a transcript."""
    said = [_said(each.at, each.who, each.text) for each in transcript.lines()]
    return {"transcript": transcript, "said": said, "messages": _messages(transcript.id)}


def _sessions() -> dict[str, Any]:
    before = request.args.get("before") or None
    found = world().store.sessions(before=before, limit=ROWS + 1)
    return {"sessions": found[:ROWS], "older": found[ROWS - 1].id if len(found) > ROWS else None, "before": before}


def _messages(session_id: str) -> list[Summary]:
    return world().store.messages(project(), tree.Session("id", session_id), limit=ROWS).summaries


def _said(at: float, who: str, text: str) -> Said:
    if who == "S":
        bad = text[:1] in ("4", "5")
        return Said(at, who, text[:3] if bad else "", text[3:] if bad else text, bad)
    verb = _VERB.match(text) if who == "C" else None
    bold = verb[0] if verb else ""
    return Said(at, who, bold, text[len(bold) :], False)
