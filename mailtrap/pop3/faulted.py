"""Faults in POP3: what becomes of the connection, of a command and of a log-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailtrap.faults import Action, Bad, Bye, Drop, No, Told, altered, told
from mailtrap.faulty import cut
from mailtrap.logins import Login
from mailtrap.pop3.errors import Refused, err

if TYPE_CHECKING:
    from mailtrap.pop3.session import Session

LOGINS = frozenset(("PASS", "AUTH", "APOP"))
"""Faults happen to these when it is known who logs in."""


def begun(session: Session, stage: str) -> Iterator[bytes]:
    """The connection has come to *stage*; a refusal ends it."""
    actions = session.fire(stage, None)
    session.lasting += told(actions)
    ending = yield from session.suffer(actions)
    if ending is not None:
        session.closing = True
        yield err(_text(ending))


def carried_out(session: Session, verb: str, answer: Iterator[bytes]) -> Iterator[bytes]:
    """*answer*, that of a command, or what comes of it."""
    actions = session.fire(verb, session.login)
    yield from _before(session, actions, cuts=True)
    if session.stopped:
        return
    drop = next((each for each in actions if isinstance(each, Drop)), None)
    if verb == "CAPA":
        answer = _capabilities(answer, session.lasting + told(actions))
    yield from answer if drop is None or drop.after is None else cut(answer, drop.after)
    if drop is not None:
        session.drop(drop)


def logging_in(session: Session, login: Login) -> Iterator[bytes]:
    """Somebody has shown who it is; raises `Refused`, and where nothing is carried out any more, `Ended`."""
    yield from _before(session, session.fire(session.verb, login))
    if session.stopped:
        raise Ended


class Ended(Exception):
    """Nothing is answered any more."""


def _before(session: Session, actions: tuple[Action, ...], *, cuts: bool = False) -> Iterator[bytes]:
    ending = yield from session.suffer(actions, cuts=cuts)
    if ending is None:
        return
    # RFC 1939 §6: a QUIT ends the session whatever comes of it.
    session.closing = session.closing or isinstance(ending, Bye) or session.verb == "QUIT"
    raise Refused(_text(ending))


def _text(ending: Action) -> str:
    match ending:
        case No(code, text) if code:
            return f"[{code}] {text}"
        case No(text=text) | Bad(text=text) | Bye(text=text):
            return text
    return str(ending)


def _capabilities(answer: Iterator[bytes], changes: Told) -> Iterator[bytes]:
    """CAPA's answer, whose first line and last dot are no capabilities."""
    status, *lines, dot, _ = b"".join(answer).split(b"\r\n")
    changed = altered((line.decode() for line in lines), changes)
    yield b"".join(b"%b\r\n" % line for line in (status, *(each.encode() for each in changed), dot))
