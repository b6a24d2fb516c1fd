"""A mailbox to search, without sockets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from messages import new_message

from mailtrap.current import Current
from mailtrap.imap.session import Session, World
from mailtrap.message.facts import facts
from mailtrap.store.records import Flag
from mailtrap.store.sqlite import SqliteStore

ANN = "ann@x.test"


def fill(store: SqliteStore, project: int, messages: Iterable[tuple[bytes, datetime]]) -> int:
    """File these octets, received at these times, for Ann; gives her INBOX."""
    coming = []
    for octets, at in messages:
        new = new_message(project, octets, rcpt_to=(ANN,), received_at=at)
        coming.append(store.add(replace(new, facts=facts(octets))))
    for each in coming:
        each.result()
    return store.mailbox(project, ANN).id


def mark(store: SqliteStore, mailbox: int, uids: Iterable[int], flag: Flag = Flag(0), *keywords: str) -> None:
    """Give the messages with these UIDs a flag and keywords."""
    store.flag(mailbox, list(uids), add=flag, add_keywords=keywords)


def selected(store: SqliteStore, project: int) -> Session:
    """A session in which Ann has her INBOX selected; no other has been there before."""
    return opened(World(store, Current(project)))


def opened(world: World) -> Session:
    """A session of this world in which Ann has her INBOX selected."""
    session = Session(world)
    ask(session, f"l LOGIN {ANN} secret")
    ask(session, "s SELECT INBOX")
    return session


def ask(session: Session, command: str | bytes) -> list[bytes]:
    """The lines that answer a command."""
    octets = command.encode() if isinstance(command, str) else command
    return b"".join(session.receive(octets + b"\r\n")).removesuffix(b"\r\n").split(b"\r\n")


def searched(session: Session, keys: str | bytes) -> list[int]:
    """The UIDs that a search finds."""
    octets = keys.encode() if isinstance(keys, str) else keys
    response, tagged = ask(session, b"t UID SEARCH " + octets)
    assert tagged == b"t OK UID SEARCH completed", tagged
    assert response.startswith(b"* SEARCH"), response
    return list(map(int, response.split()[2:]))
