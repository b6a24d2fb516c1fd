"""Conversations: in memory while they go on, and written behind when they are over."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Connection

from mailtrap.errors import NotFound
from mailtrap.search.fold import storable
from mailtrap.store import codec
from mailtrap.store.batch import Batch
from mailtrap.store.bounds import ROWS, Bound
from mailtrap.store.records import Session
from mailtrap.transcript import Transcript

_SLICE = 16
"""So many are written at a time, in half a millisecond; when so many wait, it is done even if no moment is quiet."""


@dataclass(slots=True)
class _Live:
    number: int
    transcript: Transcript
    ended: datetime | None = None
    messages: int = 0
    refusals: int = 0

    def session(self) -> Session:
        its = self.transcript
        return Session(its.id, its.protocol, its.peer, its.started, self.ended, self.messages, self.refusals)


class Sessions:
    """All sessions. One that is not yet written is found in memory; writing them is a chore of the writer."""

    def __init__(self, db: Connection) -> None:
        [newest] = db.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'session'").fetchone()
        self._number = newest or 0
        self._live: dict[str, _Live] = {}
        self._over: dict[str, _Live] = {}
        self._bound = Bound("session", "transcript")
        self._lock = threading.Lock()

    def open(self, transcript: Transcript) -> None:
        """A session begins."""
        with self._lock:
            self._number += 1
            self._live[transcript.id] = _Live(self._number, transcript)

    def close(self, transcript: Transcript) -> bool:
        """A session is over; whether it is the first of those that wait to be written."""
        with self._lock:
            live = self._live.get(transcript.id)
            if live is None or live.ended is not None:
                return False
            live.ended = datetime.now(UTC)
            self._over[transcript.id] = live
            if len(self._over) > ROWS:  # they cannot be written: the newest are worth more
                oldest = next(iter(self._over))
                del self._over[oldest], self._live[oldest]
            return len(self._over) == 1

    def count(self, session: str | None, *, messages: int = 0, refusals: int = 0) -> None:
        """A transaction of *session* was committed."""
        live = self._live.get(session or "")
        if live is not None:
            live.messages += messages
            live.refusals += refusals

    @property
    def due(self) -> bool:
        """Some wait to be written."""
        return bool(self._over)

    @property
    def urgent(self) -> bool:
        """Many do."""
        return len(self._over) >= _SLICE

    def __call__(self, batch: Batch) -> None:
        """Write some of those that are over."""
        self._write(batch, _SLICE)

    def write_all(self, batch: Batch) -> None:
        """Write all of them."""
        self._write(batch, ROWS)

    def _write(self, batch: Batch, most: int) -> None:
        with self._lock:
            over = list(self._over.values())[:most]
        blobs = [codec.transcript_blob(each.transcript) for each in over]
        batch.db.executemany(_INSERT, [_row(each, blob) for each, blob in zip(over, blobs, strict=True)])
        self._bound.keep(batch.db, self._number, sum(map(len, blobs)))
        batch.afterwards.append(lambda: self._forget(over))

    def _forget(self, written: list[_Live]) -> None:
        with self._lock:
            for each in written:
                self._live.pop(each.transcript.id, None)
                self._over.pop(each.transcript.id, None)

    # What is written while a list is read is in memory before, in the database after, and in both in between:
    # so memory is looked at first.

    def in_memory(self) -> dict[str, _Live]:
        """Those that are in memory now."""
        with self._lock:
            return dict(self._live)

    def transcript(self, session: str) -> Transcript | None:
        """The transcript of one that is in memory."""
        live = self._live.get(session)
        return None if live is None else live.transcript


def page(db: Connection, live: dict[str, _Live], before: str | None, limit: int) -> list[Session]:
    """Sessions, newest first, of those in memory and those in the database."""
    end = 1 << 62 if before is None else live[before].number if before in live else _number(db, before)
    found = db.execute(_PAGE, {"before": end, "limit": limit}).fetchall()
    sessions = {each.number: each.session() for each in live.values() if each.number < end}
    for number, name, protocol, peer, started, ended, messages, refusals in found:
        kept = Session(name, protocol, peer, codec.time(started), codec.time(ended), messages, refusals)
        sessions.setdefault(number, kept)
    return [sessions[number] for number in sorted(sessions, reverse=True)[:limit]]


def transcript(db: Connection, session: str) -> Transcript:
    """The transcript of a session that is over; raises `NotFound`."""
    found = db.execute(
        "SELECT protocol, peer, local, started, transcript FROM session WHERE id = ?", (storable(session),)
    ).fetchone()
    if found is None:
        raise NotFound(f"there is no session {session}")
    protocol, peer, local, started, blob = found
    left_out, said = codec.said_of(blob)
    return Transcript(protocol, peer, local, id=session, started=codec.time(started), left_out=left_out, said=said)


_INSERT = """
    INSERT INTO session (number, id, protocol, peer, local, started, ended, messages, refusals, transcript)
    VALUES (:number, :id, :protocol, :peer, :local, :started, :ended, :messages, :refusals, :transcript)
"""
_PAGE = """
    SELECT number, id, protocol, peer, started, ended, messages, refusals
    FROM session WHERE number < :before ORDER BY number DESC LIMIT :limit
"""


def _row(live: _Live, blob: bytes) -> dict[str, str | int | bytes]:
    its = live.transcript
    return {
        "number": live.number,
        "id": its.id,
        "protocol": its.protocol,
        "peer": storable(its.peer),
        "local": storable(its.local),
        "started": codec.microseconds(its.started),
        "ended": codec.microseconds(live.ended or its.started),
        "messages": live.messages,
        "refusals": live.refusals,
        "transcript": blob,
    }


def _number(db: Connection, session: str) -> int:
    found = db.execute("SELECT number FROM session WHERE id = ?", (storable(session),)).fetchone()
    if found is None:
        raise NotFound(f"there is no session {session}")
    return int(found[0])
