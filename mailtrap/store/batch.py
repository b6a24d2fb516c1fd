"""One transaction of the writer, as the jobs in it see it."""

from __future__ import annotations

import time
from collections.abc import Callable
from sqlite3 import Connection

from mailtrap.bus import Event
from mailtrap.message.parse import Octets
from mailtrap.store.books import Books

Column = str | int | None


class Batch:
    """What jobs write, and what is to be told when it is committed.

    Rows of new messages are gathered, and written together: before anything else is asked of `db`, or at the end.
    """

    def __init__(self, db: Connection, books: Books) -> None:
        self.books = books
        self.at = time.time_ns() // 1000
        """When it began, in microseconds."""
        self.events: list[Event] = []
        self.afterwards: list[Callable[[], None]] = []
        """What is to be done once it is committed."""
        self._db = db
        self._messages: list[tuple[Column, ...]] = []
        self._raw: list[tuple[int, Octets | memoryview]] = []
        self._entries: list[tuple[int, ...]] = []
        self._filed: list[tuple[int, int]] = []

    @property
    def db(self) -> Connection:
        """The database, with all that was added so far."""
        if self._messages:
            self.write()
        return self._db

    def add_message(self, *columns: Column) -> None:
        """A row of ``message``."""
        self._messages.append(columns)

    def add_octets(self, key: int, octets: Octets | memoryview) -> None:
        """A row of ``raw``."""
        self._raw.append((key, octets))

    def add_entry(self, mailbox: int, uid: int, message: int, modseq: int, flags: int) -> None:
        """A row of ``entry``, without keywords."""
        self._entries.append((mailbox, uid, message, modseq, flags))

    def add_filed(self, account: int, message: int) -> None:
        """A row of ``filed``."""
        self._filed.append((account, message))

    def write(self) -> None:
        """Write what was gathered."""
        for statement, gathered in (
            (_MESSAGE, self._messages),
            (_RAW, self._raw),
            (_ENTRY, self._entries),
            (_FILED, self._filed),
        ):
            if gathered:
                self._db.executemany(statement, gathered)
                gathered.clear()


_MESSAGE = """
    INSERT INTO message
    (number, id, project, origin, received_at, modseq, size, pinned, session, accounts, envelope, facts)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_RAW = "INSERT INTO raw (key, octets) VALUES (?, ?)"
_ENTRY = "INSERT INTO entry (mailbox, uid, message, modseq, flags) VALUES (?, ?, ?, ?, ?)"
_FILED = "INSERT INTO filed VALUES (?, ?)"
