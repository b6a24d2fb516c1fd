"""Space back: what is deleted, under a floor, or too old for a temporary store, in slices of a few milliseconds."""

from __future__ import annotations

import time
from sqlite3 import Connection

from mailtrap.store import deletion, fulltext
from mailtrap.store.batch import Batch

_SLICE = 0.0025
"""Seconds."""

_ROWS = 8
"""So many rows of octets, 2 MiB, are deleted at a time."""

_MESSAGES = 20
"""So many messages are taken at a time."""

_MOST_WAITING = 200
"""With so many deleted messages waiting it does not wait for quiet."""

_MOST_DEAD = 1000
"""With so many deleted messages in it, and as many as are there, the index is merged as a whole."""

_RESERVE = 1024
"""Pages that are kept free, for what comes next: 4 MiB."""

_PAGES = 64
"""So many pages are given back at a time."""


class Reclaim:
    """A chore of the writer."""

    def __init__(self, db: Connection, keep_octets: int | None) -> None:
        """*keep_octets*: beyond that the oldest messages expire, pinned ones excepted."""
        self._keep_octets = keep_octets
        self._octets = 0
        """What the messages take up that came since, deleted ones included."""
        self._floors = {project for [project] in db.execute("SELECT id FROM project WHERE floor > 0").fetchall()}
        [self._waiting] = db.execute("SELECT count(*) FROM purge").fetchone()
        """So many wait to be purged, that were deleted one by one."""
        self._dead = 0
        """So many were deleted from the index since it was last merged as a whole."""
        self._is_merging = False
        self._hopeless = 0
        """With so much stored nothing was left that may go."""
        self._is_due = True

    def added(self, octets: int) -> None:
        """A message was stored."""
        self._octets += octets

    def note(self, floor_of: int | None = None, messages: int = 0) -> None:
        """Something was deleted, by a floor of a project or otherwise."""
        self._is_due = True
        self._waiting += messages
        if floor_of is not None:
            self._floors.add(floor_of)

    @property
    def due(self) -> bool:
        """There may be something to do."""
        return self._is_due or self.urgent

    @property
    def urgent(self) -> bool:
        """Too much is stored, and some of it may go; or so many went that quiet moments do not do for them."""
        return self._waiting > _MOST_WAITING or self._is_too_much

    @property
    def _is_too_much(self) -> bool:
        return self._keep_octets is not None and self._octets > max(self._keep_octets, self._hopeless)

    def __call__(self, batch: Batch) -> None:
        """Do what can be done in a few milliseconds."""
        end = time.monotonic() + _SLICE
        self._is_due = True
        while self._is_due and time.monotonic() < end:
            self._is_due = self._purge(batch) or self._sink(batch) or self._expire(batch) or _give_back(batch.db)
        self._merge(batch.db)

    def _merge(self, db: Connection) -> None:
        """What is deleted from the index is noted there, and takes up space twice until all of it is merged."""
        begin = self._dead >= _MOST_DEAD and self._is_purged and self._dead >= _messages(db)
        if begin:
            self._dead, self._is_merging = 0, True
        more = fulltext.merge(db, everything=begin)
        self._is_merging = self._is_merging and more
        self._is_due = self._is_due or self._is_merging

    @property
    def _is_purged(self) -> bool:
        """Not much is left that is deleted from the index anyway."""
        return not self._floors and self._waiting <= _MOST_WAITING

    def _purge(self, batch: Batch) -> bool:
        """Delete octets and texts of a message of which nothing else is left."""
        found = batch.db.execute("SELECT message, size FROM purge LIMIT 1").fetchone()
        if found is None:
            return False
        number, size = found
        if batch.db.execute(_DELETE_OCTETS, {"number": number, "rows": _ROWS}).rowcount < _ROWS:
            for statement in _DELETE_TEXTS:
                batch.db.execute(statement, (number,))
            self._octets -= size
            self._waiting -= self._waiting > 0
            self._dead += 1
        return True

    def _sink(self, batch: Batch) -> bool:
        """Take away the rows of messages under a floor."""
        for project in tuple(self._floors):
            row = batch.books.remains(project)
            found = batch.db.execute(
                "SELECT number, id, size FROM message WHERE project = ? AND number <= ? AND NOT pinned LIMIT ?",
                (project, row.floor, _MESSAGES),
            ).fetchall()
            if found:
                deletion.sink(batch, row, found)
                return True
            self._floors.discard(project)
        return False

    def _expire(self, batch: Batch) -> bool:
        """Delete the oldest messages, if there is too much."""
        if self._keep_octets is None or not self._is_too_much:
            return False
        found = batch.db.execute(
            "SELECT project, id, size FROM message WHERE pinned <= 0 ORDER BY number LIMIT ?", (_MESSAGES,)
        ).fetchall()
        if not found:
            self._hopeless = self._octets
            return False
        excess = self._octets - self._keep_octets
        for project, message_id, size in found:
            if excess > 0:
                deletion.delete(batch, project, [message_id], "expired")
                excess -= size
        return True


def _messages(db: Connection) -> int:
    [count] = db.execute("SELECT coalesce(sum(messages), 0) FROM project").fetchone()
    return int(count)


def _give_back(db: Connection) -> bool:
    """Give free pages back to the file system, but for a reserve."""
    [free] = db.execute("PRAGMA freelist_count").fetchone()
    if free <= _RESERVE:
        return False
    db.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
    return True


_DELETE_OCTETS = """
    DELETE FROM raw WHERE key IN (
        SELECT key FROM raw WHERE key >= :number << 20 AND key < (:number + 1) << 20 LIMIT :rows
    )
"""
_DELETE_TEXTS = (
    # The index does not know what it has of a document, and must be told (FTS5, external content).
    """
    INSERT INTO fulltext (fulltext, rowid, subject, addresses, names, codes, headers, body)
    SELECT 'delete', message, subject, addresses, names, codes, headers, body FROM document WHERE message = ?
    """,
    "DELETE FROM document WHERE message = ?",
    "DELETE FROM outline WHERE message = ?",
    "DELETE FROM purge WHERE message = ?",
)
