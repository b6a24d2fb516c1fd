"""Faults in IMAP: what becomes of the connection, of a command, of a log-in, and of what is announced."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from typing import TYPE_CHECKING

from mailtrap.faults import Action, Bye, Drop, Hide, Offer, StaleUidvalidity, actions, altered, told
from mailtrap.faulty import cut
from mailtrap.imap.errors import No, NoMessage, Refused
from mailtrap.imap.registry import COMMANDS, NOT_AUTHENTICATED, Command
from mailtrap.imap.responses import Responses, status
from mailtrap.logins import Login

if TYPE_CHECKING:
    from mailtrap.imap.session import Session

LOGINS = frozenset(("LOGIN", "AUTHENTICATE"))
"""Faults happen to these when it is known who logs in."""

STALE = 100_000_000
"""What a UIDVALIDITY is greater by that is not the true one: as if the mailbox had been made anew (RFC 9051 §2.3.1.1).

The same each time, so that a client that has noticed is left in peace.
"""


class Left(Exception):
    """The connection ends, or hangs: there is no tagged response."""


class BadOnPurpose(NoMessage):
    """Nobody has made a mistake, so none is counted."""


def begun(session: Session, stage: str) -> Iterator[bytes]:
    """The connection has come to *stage*; a refusal ends it (RFC 9051 §7.1.5)."""
    fired = session.fire(stage, None)
    session.lasting += told(fired)
    ending = yield from session.suffer(fired)
    match ending:
        case actions.No(code, text):
            session.closing = True
            yield status(b"*", "BYE", text, code)
        case actions.Bad(text) | actions.Bye(text):
            yield session.leave(text)


def carried_out(session: Session, command: Command, responses: Responses) -> Responses:
    """*responses*, those of a command, or what comes of it; raises `Refused` and `Left`."""
    try:
        if command.name in LOGINS:
            return (yield from responses)
        return (yield from _carried_out(session, command, responses))
    finally:
        session.fired, session.stale, session.altering = None, False, ()


def _carried_out(session: Session, command: Command, responses: Responses) -> Responses:
    happened = session.fired
    fired = session.fire(command.name, session.login) if happened is None else happened
    if command.name == "IDLE" and fired and not _refuses(fired):  # what happens, happens in IDLE
        yield next(responses)
    if happened is None:
        yield from _before(session, fired, cuts=True)
    session.stale = any(isinstance(each, StaleUidvalidity) for each in fired)
    session.altering = told(fired)
    drop = next((each for each in fired if isinstance(each, Drop)), None)
    if drop is None or drop.after is None:
        return (yield from responses)
    yield from cut(responses, drop.after)
    session.drop(drop)
    raise Left


def foreseen(session: Session, text: bytes) -> Generator[bytes, None, Refused | None]:
    """A command that begins with *text* wants to send a literal: what happens to it happens before that."""
    command = _named(session, text)
    if command is None or command.name in LOGINS or session.fired is not None:
        return None
    session.fired = session.fire(command.name, session.login)
    try:
        yield from _before(session, session.fired, cuts=True)
    except Refused as refusal:
        return refusal
    except Left:
        pass
    return None


def logging_in(session: Session, login: Login) -> Iterator[bytes]:
    """Somebody has shown who it is; raises `Refused` and `Left`."""
    fired = session.fire(session.command, login)
    session.altering = told(fired)
    yield from _before(session, fired)


def capabilities(session: Session, names: list[str]) -> list[str]:
    """What is offered, as it is told now: what happens at CAPABILITY happens wherever that is told."""
    changes = session.lasting + session.altering
    if session.command != "CAPABILITY":
        changes += told(session.fire("CAPABILITY", session.login, only=(Hide, Offer)))
    return altered(names, changes)


def _before(session: Session, fired: Collection[Action], *, cuts: bool = False) -> Iterator[bytes]:
    match (yield from session.suffer(fired, cuts=cuts)):
        case actions.No(code, text):
            raise No(text, code)
        case actions.Bad(text):
            raise BadOnPurpose(text)
        case Bye(text=text):
            yield session.leave(text)
    if session.stopped:
        raise Left


def _refuses(fired: Collection[Action]) -> bool:
    return any(isinstance(each, actions.No | actions.Bad) for each in fired)


def _named(session: Session, text: bytes) -> Command | None:
    """The command that *text* is of, if it can be carried out now."""
    _, *words = text.upper().split(b" ", 3)
    by_uid = words[:1] == [b"UID"]
    command = COMMANDS.get(b"".join(words[by_uid : by_uid + 1]).decode("latin-1"))
    if command is None or session.state < command.in_state or (by_uid and not command.by_uid):
        return None
    return None if command.in_state is NOT_AUTHENTICATED and session.login else command
