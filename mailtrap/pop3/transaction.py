"""The commands after log-in, and what QUIT makes of them (RFC 1939 §5 to §7)."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from concurrent.futures import wait
from itertools import chain, islice
from typing import TYPE_CHECKING

from mailtrap.errors import NotFound
from mailtrap.pop3.errors import Bad, BrokenOff, Refused, err
from mailtrap.pop3.maildrop import counted
from mailtrap.pop3.registry import ANY, TRANSACTION, command
from mailtrap.pop3.stuffing import Stuffing, Top

if TYPE_CHECKING:
    from mailtrap.pop3.session import Session

log = logging.getLogger(__name__)

LINES = 1000
"""Of a long list so many are made at a time."""

REMOVED = 1000
"""QUIT removes so many at a time, so that others can write in between."""


@command("STAT", state=TRANSACTION)
def stat(session: Session, _: str) -> Iterator[bytes]:
    """RFC 1939 §5: messages and octets, those marked as deleted not counted."""
    yield b"+OK %d %d\r\n" % session.maildrop.count()


@command("LIST", state=TRANSACTION, argument="[message]")
def list_(session: Session, argument: str) -> Iterator[bytes]:
    """RFC 1939 §5. The octets are those stored, also where RETR has to add a line end."""
    maildrop = session.maildrop
    if argument:
        number = maildrop.number(argument)
        yield f"+OK {number} {maildrop.size(number)}\r\n".encode()
        return
    count, octets = maildrop.count()
    yield f"+OK {counted(count)} ({octets} octets)\r\n".encode()
    yield from _listing(f"{number} {maildrop.size(number)}\r\n" for number in maildrop)


@command("UIDL", state=TRANSACTION, argument="[message]", capability="UIDL")
def uidl(session: Session, argument: str) -> Iterator[bytes]:
    """RFC 1939 §7."""
    maildrop = session.maildrop
    if argument:
        number = maildrop.number(argument)
        yield f"+OK {number} {maildrop.unique_id(number)}\r\n".encode()
        return
    yield b"+OK\r\n"
    yield from _listing(f"{number} {maildrop.unique_id(number)}\r\n" for number in maildrop)


@command("RETR", state=TRANSACTION, argument="message")
def retr(session: Session, argument: str) -> Iterator[bytes]:
    """RFC 1939 §5. It marks the message as seen, once all is said."""
    number = session.maildrop.number(argument)
    status = b"+OK %d octets\r\n" % session.maildrop.size(number)
    stuffing = Stuffing(strict=session.world.strict_stuffing)
    if session.reading.is_large(number):
        slices = _slices(session, number)
        yield status
        yield from map(stuffing.feed, slices)
        yield stuffing.end()
    else:
        octets = stuffing.feed(_small(session, number))
        yield b"".join((status, octets, stuffing.end()))
    session.retrieved(number)


@command("TOP", state=TRANSACTION, argument="message lines", capability="TOP")
def top(session: Session, argument: str) -> Iterator[bytes]:
    """RFC 1939 §7. It marks nothing."""
    message, _, lines = argument.partition(" ")
    number = session.maildrop.number(message)
    if not (lines.isascii() and lines.isdigit() and len(lines) <= 20):
        raise Bad("TOP takes a message number and how many lines of the body")
    beginning, stuffing = Top(int(lines)), Stuffing(strict=session.world.strict_stuffing)
    octets = _slices(session, number) if session.reading.is_large(number) else (_small(session, number),)
    yield b"+OK\r\n"
    for piece in octets:
        yield stuffing.feed(beginning.feed(piece))
        if beginning.done:
            break
    yield stuffing.end()


@command("DELE", state=TRANSACTION, argument="message")
def dele(session: Session, argument: str) -> Iterator[bytes]:
    """RFC 1939 §5: a mark; QUIT removes."""
    number = session.maildrop.number(argument)
    session.maildrop.deleted.add(number)
    yield f"+OK Message {number} is marked as deleted\r\n".encode()


@command("RSET", state=TRANSACTION)
def rset(session: Session, _: str) -> Iterator[bytes]:
    """RFC 1939 §5."""
    session.maildrop.deleted.clear()
    yield f"+OK {counted(len(session.maildrop))}\r\n".encode()


@command("NOOP", state=TRANSACTION)
def noop(session: Session, _: str) -> Iterator[bytes]:
    """RFC 1939 §5. There is time to mark what was seen."""
    if session.seen is not None:
        session.seen.flush()
    yield b"+OK\r\n"


@command("QUIT", state=ANY)
def quit_(session: Session, _: str) -> Iterator[bytes]:
    """RFC 1939 §6: remove what is marked, and end, whatever comes of it."""
    try:
        all_done = yield from _update(session)
    finally:
        session.closing = True
    yield b"+OK Bye\r\n" if all_done else err("[SYS/TEMP] Some deleted messages are not removed")


def _update(session: Session) -> Generator[bytes, None, bool]:
    """Gives whether all is done that was to be done."""
    maildrop, seen = session.maildrop, session.seen
    marking = seen.flush() if seen else None
    if maildrop.mailbox is None or (marking is None and not maildrop.deleted):
        return True
    yield from session.in_thread()
    if marking is not None:
        wait((marking,))
    uids = [maildrop.uids[number - 1] for number in sorted(maildrop.deleted)]
    for start in range(0, len(uids), REMOVED):
        try:
            session.world.store.remove(maildrop.mailbox, uids[start : start + REMOVED], "pop3")
        except NotFound:  # the mailbox went, and they with it
            return True
        except Exception:
            log.exception("deleted messages could not be removed")
            return False
        yield b""
    return True


def _small(session: Session, number: int) -> bytes:
    try:
        return session.reading.octets(number)
    except NotFound:
        raise Refused(_GONE.format(number)) from None


def _slices(session: Session, number: int) -> Iterator[bytes]:
    """Begins at once; raises `Refused` if there is no beginning, and `BrokenOff` if there is no end."""
    slices = session.reading.slices(number)
    try:
        first = next(slices)
    except NotFound:
        raise Refused(_GONE.format(number)) from None
    return chain((first,), _unbroken(slices))


def _unbroken(slices: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from slices
    except NotFound as error:
        raise BrokenOff(str(error)) from None


def _listing(lines: Iterator[str]) -> Iterator[bytes]:
    while some := "".join(islice(lines, LINES)):
        yield some.encode()
    yield b".\r\n"


_GONE = "Message {} is gone: it was deleted meanwhile"
