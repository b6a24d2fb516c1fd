"""The rows that have counters, as the writer remembers them."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from mailtrap.errors import NotFound


@dataclass(slots=True)
class ProjectRow:
    """A project: where its floor is, and how many messages are above it or spared by it."""

    id: int
    floor: int
    floor_modseq: int
    messages: int
    appended: int
    loose: int
    """Those that may expire, because they are not pinned."""
    loose_octets: int
    deleted_at: int | None = None
    remembered: int = 100
    """So many are gone since it was last looked whether too many are remembered."""

    def lose(self, count: int, octets: int) -> None:
        """So many that might have expired are pinned now, or gone."""
        self.loose -= count
        self.loose_octets -= octets


@dataclass(slots=True)
class AccountRow:
    """An account, counted as of a floor's mod-sequence."""

    project: ProjectRow
    id: int
    name: str
    last_arrival: int | None
    messages: int
    unseen: int
    counted_at: int
    inbox: MailboxRow | None = None

    @property
    def stale(self) -> bool:
        """The floor has risen since: only what it spared is left."""
        return self.counted_at < self.project.floor_modseq


@dataclass(slots=True)
class MailboxRow:
    """A mailbox, counted as of a floor's mod-sequence."""

    account: AccountRow
    id: int
    name: str
    uidnext: int
    highest_modseq: int
    expunged_from: int
    messages: int
    unseen: int
    size: int
    counted_at: int
    deleted_at: int | None = None

    @property
    def stale(self) -> bool:
        """The floor has risen since: only what it spared is left."""
        return self.counted_at < self.account.project.floor_modseq


READ_PROJECT = """
    SELECT id, floor, floor_modseq, messages, appended, loose, loose_octets, deleted_at FROM project WHERE id = ?
"""
READ_ACCOUNT = "SELECT project, id, name, last_arrival, messages, unseen, counted_at FROM account WHERE id = ?"
READ_MAILBOX = """
    SELECT account, id, name, uidnext, highest_modseq, expunged_from, messages, unseen, size, counted_at, deleted_at
    FROM mailbox WHERE id = ?
"""

_WRITE_PROJECT = "UPDATE project SET messages = ?, appended = ?, loose = ?, loose_octets = ? WHERE id = ?"
_WRITE_ACCOUNT = "UPDATE account SET last_arrival = ?, messages = ?, unseen = ?, counted_at = ? WHERE id = ?"
_WRITE_MAILBOX = """
    UPDATE mailbox SET uidnext = ?, highest_modseq = ?, expunged_from = ?, messages = ?, unseen = ?, size = ?,
    counted_at = ? WHERE id = ?
"""


def read(db: Connection, statement: str, key: int) -> list[Any]:
    """The columns of a row; raises `NotFound`."""
    found = db.execute(statement, (key,)).fetchone()
    if found is None:
        raise NotFound(f"there is no {statement.split('FROM ')[1].split()[0]} {key}")
    return list(found)


def write_project(db: Connection, row: ProjectRow) -> None:
    """Write its counters down."""
    db.execute(_WRITE_PROJECT, (row.messages, row.appended, row.loose, row.loose_octets, row.id))


def write_account(db: Connection, row: AccountRow) -> None:
    """Write its counters down."""
    db.execute(_WRITE_ACCOUNT, (row.last_arrival, row.messages, row.unseen, row.counted_at, row.id))


def write_mailbox(db: Connection, row: MailboxRow) -> None:
    """Write its counters down."""
    counters = (row.uidnext, row.highest_modseq, row.expunged_from, row.messages, row.unseen, row.size)
    db.execute(_WRITE_MAILBOX, (*counters, row.counted_at, row.id))
