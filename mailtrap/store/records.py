"""What goes into the store and what comes out of it: values, in domain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag
from typing import NamedTuple

from mailtrap.envelope import Envelope
from mailtrap.message.facts import Facts
from mailtrap.message.parse import Octets
from mailtrap.message.summary import Origin, Summary


class Flag(IntFlag):
    """The system flags of an entry (RFC 9051 §2.3.2); keywords are kept by name."""

    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16


NO_FLAGS = Flag(0)


@dataclass(frozen=True, slots=True)
class Project:
    """A world of its own: accounts, catch-all, floor."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be stored, with everything known about it."""

    project: int
    origin: Origin
    octets: Octets
    facts: Facts
    envelope: Envelope | None
    accounts: tuple[str, ...]
    """Whose INBOX it is filed in (see `mailtrap.accounts.accounts_of`)."""
    session: str | None = None
    id: str = ""
    """Kept by import; made when empty."""
    received_at: datetime | None = None
    """Kept by import; now, when None."""
    tags: tuple[str, ...] = ()
    flags: Flag = NO_FLAGS
    """Of its entry in the catch-all. Kept by import, like what follows."""
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class NewRefusal:
    """A transaction that ended without a message: refused at some stage, aborted, or broken off half-way."""

    project: int
    session: str
    stage: str
    """The verb it ended at: ``MAIL``, ``RCPT``, ``DATA``; ``QUIT``, ``RSET``, ``EHLO``, ``HELO`` or ``EOF`` (the
    connection ended) for one given up."""
    reply: str
    """What the server answered; empty where the client gave up or, at ``DATA``, broke off."""
    envelope: Envelope
    partial: bytes = b""
    """What had come of the data, up to 1 MiB; incomplete, and in no mailbox."""


@dataclass(frozen=True, slots=True)
class Refusal(NewRefusal):
    """A refused transaction as the store keeps it."""

    number: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first."""

    summaries: list[Summary]
    total: int
    """How many there are: exact up to 10,000 (2,000 where texts decide), and always where nothing is searched for."""
    total_is_lower_bound: bool
    next: int | None
    """The row number to continue *before*; None on the last page."""
    cursor: int
    """The store's mod-sequence as of this page: ``since=cursor`` is what came after."""


@dataclass(frozen=True, slots=True)
class Account:
    """A name that mail was addressed to, with its counts."""

    id: int
    name: str
    messages: int
    unseen: int
    last_arrival: datetime | None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An IMAP folder of an account."""

    id: int
    account: int
    name: str
    uidvalidity: int
    uidnext: int
    highest_modseq: int
    messages: int
    unseen: int
    size: int
    deleted: int
    """How many have the flag ``\\Deleted`` (RFC 9051 §6.3.11)."""


@dataclass(frozen=True, slots=True)
class View:
    """A mailbox at one moment, as a session begins with it."""

    modseq: int
    """The store's mod-sequence at that moment: what an event up to it tells is in here already."""
    uidvalidity: int
    uidnext: int
    highest_modseq: int
    """The mailbox's own (RFC 7162 §3.1.2.1)."""
    uids: list[int]
    """Ascending."""
    unseen: int | None
    """The UID of the first entry without ``\\Seen``."""
    keywords: tuple[str, ...]
    """Those in use, in any letter case once."""


class Fetched(NamedTuple):
    """An entry and what is known of its message, as plain as the database gives it: there may be many."""

    uid: int
    number: int
    """The message's row number."""
    modseq: int
    flags: int
    keywords: str
    """Separated by spaces."""
    at: int
    """The internal date, in microseconds since 1970, UTC."""
    size: int
    envelope: bytes | None = None
    """ENVELOPE and BODYSTRUCTURE as they are sent (RFC 9051 §7.5.2). None where nobody asked for them, or where
    making them failed (which is logged)."""
    bodystructure: bytes | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A message's place in a mailbox."""

    mailbox: int
    uid: int
    number: int
    """The message's row number."""
    modseq: int
    flags: Flag
    keywords: tuple[str, ...]
    received_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Filing:
    """Where a message was filed, removed or not: the record that stays."""

    account: str
    mailbox: str
    uid: int
    flags: Flag
    removed_at: datetime | None = None
    removed_by: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation, as a list shows it. *ended* is None while it is open."""

    id: str
    protocol: str
    peer: str
    started: datetime
    ended: datetime | None
    messages: int
    refusals: int
