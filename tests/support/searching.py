"""A mailbox to search, without sockets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from messages import new_message

from mailtrap.current import Current
from mailtrap.imap.session import Session, World
from mailtrap.message.facts import facts
from mailtrap.store.records import Flag
from mailtrap.store.sqlite import SqliteStore

ANN = "ann@x.test"


FIRST = (
    b"From: =?utf-8?q?J=C3=BCrgen?= Smith <smith@shop.test>\r\nTo: Ann <ann@x.test>\r\nCc: carl@x.test\r\n"
    b"Subject: Your order\r\n 4711\r\nDate: Thu, 1 Jan 2026 23:30:00 -0800\r\nX-Empty:\r\n\r\nCome and pay.\r\n"
)
SECOND = (
    b"From: eve@x.test\r\nBcc: Dora <dora@x.test>\r\nSubject: Smith is here\r\nDate: Sat, 3 Jan 2026 00:10:00 +0900\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nCaf\xc3\xa9\r\n--b\r\n"
    b'Content-Type: image/png; name="plan.png"\r\n\r\n'
    b"smith\r\n--b--\r\n"
)
THIRD = b"From: ann@x.test\r\nReply-To: smith@shop.test\r\n\r\nfrom: nobody at all; 50*2 " + b"x" * 500 + b"\r\n"
FOURTH = b"Subject: =?koi8-r?b?7dTXwdQ=?=\r\nDate: no day\r\n\r\nnothing\r\n"
MAIL = [
    (FIRST, datetime(2026, 1, 2, 7, 30, tzinfo=UTC)),
    (b"Subject: removed\r\n\r\n", datetime(2026, 1, 2, 8, 0, tzinfo=UTC)),
    (SECOND, datetime(2026, 1, 3, 0, 0, tzinfo=UTC)),
    (THIRD, datetime(2026, 1, 3, 23, 59, 59, 999_999, tzinfo=UTC)),
    (FOURTH, datetime(2026, 1, 4, 0, 0, tzinfo=UTC)),
]
"""The second is removed before anybody looks: the UIDs are 1, 3, 4, 5."""


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


def filled_project(store: SqliteStore) -> int:
    """A project of its own with `MAIL` in Ann's INBOX, flags and all."""
    project = store.new_project().id
    mailbox = fill(store, project, MAIL)
    store.remove(mailbox, [2], "imap")
    mark(store, mailbox, [1], Flag.SEEN | Flag.ANSWERED, "$Forwarded")
    mark(store, mailbox, [3], Flag.FLAGGED | Flag.DELETED, "Project-X", "forward")
    mark(store, mailbox, [4], Flag.SEEN | Flag.DRAFT)
    return project
