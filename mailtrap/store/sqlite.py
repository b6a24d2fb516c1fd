"""The store over SQLite: one writer thread with group commit, a small pool of readers, a write-ahead log."""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Literal, TypeVar

from mailtrap.bus import Added, Bus, Changed, Deleted, Emptied, Event
from mailtrap.errors import StoreUnavailable
from mailtrap.message.summary import Summary
from mailtrap.search.fold import storable
from mailtrap.search.tree import All, Query
from mailtrap.store import deletion, directory, folders, lists, octets, projects, sessions
from mailtrap.store.ages import Ages
from mailtrap.store.batch import Batch
from mailtrap.store.books import Books
from mailtrap.store.bounds import Bound
from mailtrap.store.checkpoints import Checkpoints
from mailtrap.store.configuring import Configuring
from mailtrap.store.connections import Readers, Synchronous, connect, open_writer, opening
from mailtrap.store.disk import Disk, DiskWatch, disk
from mailtrap.store.fulltext import Fulltext
from mailtrap.store.ingest import Adding, refuse
from mailtrap.store.later import Remembering
from mailtrap.store.mailboxes import Mailboxes
from mailtrap.store.packing import Packing
from mailtrap.store.query import compile as compiled
from mailtrap.store.reclaim import Reclaim
from mailtrap.store.records import Filing, NewMessage, NewRefusal, Page, Project, Refusal, Session
from mailtrap.store.retention import NO_LIMITS, Limits, Looks, Retention
from mailtrap.store.update import update
from mailtrap.store.writer import Writer
from mailtrap.transcript import Transcript

log = logging.getLogger(__name__)

T = TypeVar("T")

KEEP = 2 << 30
"""Octets of messages that a temporary store holds."""


class SqliteStore(Mailboxes, Configuring, Remembering):
    """A `mailtrap.store.Store` in a directory of its own.

    >>> from pathlib import Path
    >>> store = SqliteStore()  # a temporary one; SqliteStore(Path("var/mail")) keeps everything
    >>> store.project("default").name
    'default'
    >>> store.close()
    """

    settle: Callable[[Callable[[], None]], object]

    def __init__(
        self,
        path: Path | None = None,
        *,
        bus: Bus | None = None,
        temp_dir: Path | None = None,
        keep_octets: int = KEEP,
        keep: Limits = NO_LIMITS,
        ages: Callable[[Connection], Ages] = Ages,
        durable: bool = False,
        compress: bool = False,
    ) -> None:
        """Keep everything in the directory *path*; or, without it, in a temporary one in *temp_dir*, and there
        no more than the newest *keep_octets*. *durable*: every commit waits for the disk, and survives power loss."""
        self.bus = bus or Bus()
        self.settle = _at_once
        self._keep = keep
        self._ages = ages
        self._compress = compress
        self._directory = directory.temporary(temp_dir) if path is None else directory.persistent(path)
        try:
            with opening(self._directory.file):
                self._open(None if path else keep_octets, durable=durable)
        except BaseException:
            if hasattr(self, "_db"):
                self._db.close()
            self._directory.close()
            raise
        _STORES.add(self)

    def _open(self, keep_octets: int | None, *, durable: bool) -> None:
        self._is_inherited = False
        synchronous: Synchronous = "OFF" if self._directory.temporary else "FULL" if durable else "NORMAL"
        self._db = open_writer(self._directory.file, synchronous)
        [indexed] = self._db.execute("SELECT value FROM counter WHERE name = 'indexed'").fetchone()
        books = Books(self._db)
        self._readers = Readers(self._directory.file)
        self._sessions = sessions.Sessions(self._db)
        self._refusals = Bound("refusal", "partial")
        self._reclaim = Reclaim(self._db, keep_octets)
        self._retention = Retention(self._db, books, self._keep, self._ages(self._db))
        self._watch = DiskWatch(self.disk) if not self._directory.temporary else None
        self._checkpoints = Checkpoints(partial(connect, self._directory.file))
        self._writer = Writer(self._db, books, self._tell, (self._sessions, self._retention, self._reclaim))
        self._packing = Packing(self._readers, self._writer.submit, self._reclaim.note) if self._compress else None
        self._looks = Looks(self._retention, self._writer.submit)
        self._fulltext = Fulltext(self._readers, self._writer.submit, indexed, books.number)

    def close(self) -> None:
        """Write what is queued, stop, and remove the directory of a temporary store. In a forked child: nothing."""
        if self._is_inherited:
            return
        self._fulltext.close()
        self._looks.close()
        if self._packing is not None:
            self._packing.close()
        self._writer.submit(self._sessions.write_all)
        self._writer.close()
        self._checkpoints.close()
        self._readers.close()
        self._db.close()
        self._directory.close()

    def disk(self) -> Disk:
        """The disk that everything is on."""
        return disk(self._directory.path)

    # -- projects

    def project(self, name: str) -> Project:
        """The project called *name*; made, if there is none."""
        return self.find_project(name) or self._write(partial(projects.make, storable(name)))

    def find_project(self, name: str) -> Project | None:
        """The project called *name*, if there is one."""
        with self._snapshot() as db:
            return projects.find(db, storable(name))

    def new_project(self) -> Project:
        """A fresh world with a name of its own."""
        return self._write(partial(projects.make, projects.fresh_name()))

    def projects(self) -> list[Project]:
        """All projects, by name."""
        with self._snapshot() as db:
            return projects.every(db)

    def delete_project(self, project: int) -> None:
        """Delete a project with all that is in it; its name is free again. Raises `NotFound`."""
        self._write(partial(self._delete_project, project))

    def _delete_project(self, project: int, batch: Batch) -> None:
        self._retention.limit(batch, project, None)
        projects.delete(project, batch)

    def limits(self, project: int) -> Limits:
        """What is kept in a project: its own limits, or those of all."""
        return self._retention.limits(project)

    def limit(self, project: int, limits: Limits | None) -> None:
        """Give a project limits of its own; with None, those of all. What is too much goes in the background."""
        self._write(lambda batch: self._retention.limit(batch, project, limits))
        self._looks.begin()

    def advance(self, seconds: float) -> None:
        """Move the store's clock ahead, and wait until what is too old by then is gone."""
        self._write(lambda batch: self._retention.advance(batch, seconds))
        self._write(self._retention.look)
        while self._write(self._retention.expire_old):
            pass

    # -- messages in

    def add(self, new: NewMessage) -> Future[Summary]:
        """Store a message and file it; done when committed."""
        return self._submit(Adding(new), len(new.octets))

    def refuse(self, refusal: NewRefusal) -> Future[None]:
        """Record a transaction that ended without a message."""
        return self._submit(partial(self._record, refusal))

    def _record(self, refusal: NewRefusal, batch: Batch) -> None:
        refuse(refusal, self._refusals, batch)
        batch.afterwards.append(lambda: self._sessions.count(refusal.session, refusals=1))

    # -- messages out

    def messages(
        self,
        project: int,
        query: Query | None = None,
        *,
        account: str | None = None,
        before: int | None = None,
        since: int | None = None,
        limit: int = 50,
    ) -> Page:
        """A page of summaries, newest first."""
        asked = All() if query is None else query
        found = compiled(asked, project=project, account=account)
        if found.needs_text:
            self._fulltext.catch_up()
        with self._snapshot() as db:
            return lists.page(db, asked, found, account=account, before=before, since=since, limit=limit)

    def summary(self, project: int, message_id: str, *, account: str | None = None) -> Summary:
        """One message by its id; raises `Gone` if it was deleted, `NotFound` if it was never here."""
        with self._snapshot() as db:
            return lists.summary(db, project, message_id, account)

    def octets(self, number: int, start: int = 0, stop: int | None = None) -> bytes:
        """The octets of a message, whole or a slice of them; raises `NotFound`."""
        with self._snapshot() as db:
            return octets.read(db, number, start, stop)

    def slices(self, number: int) -> Iterator[bytes]:
        """The octets of a message in pieces of at most 256 KiB; no statement stays open between two."""
        with self._snapshot() as db:
            count = octets.count(db, number)
        for n in range(count):
            with self._snapshot() as db:
                piece = octets.read_slice(db, number, n)
            yield piece

    def filings(self, number: int) -> list[Filing]:
        """Where a message was filed, and what became of that."""
        with self._snapshot() as db:
            return folders.filings(db, number)

    def refusals(self, project: int, *, since: int = 0, limit: int = 200) -> list[Refusal]:
        """Transactions that ended without a message, oldest first, after row number *since*."""
        with self._snapshot() as db:
            return projects.refusals(db, project, since, limit)

    def last_refusals(self, sessions: Collection[str]) -> dict[str, Refusal]:
        """The last refusal of each of these sessions that had one, by session; without what had come of its data."""
        with self._snapshot() as db:
            return projects.last_refusals(db, sessions)

    def cursor(self) -> int:
        """The mod-sequence of the last commit."""
        with self._snapshot() as db:
            return lists.cursor(db)

    # -- what can be changed

    def update(
        self,
        project: int,
        ids: Collection[str],
        *,
        seen: bool | None = None,
        pinned: bool | None = None,
        add_tags: Collection[str] = (),
        remove_tags: Collection[str] = (),
        account: str | None = None,
    ) -> int:
        """Change the state of messages; gives how many there were."""
        return self._write(lambda batch: update(batch, project, ids, seen, pinned, add_tags, remove_tags, account))

    def delete(self, project: int, ids: Collection[str], why: Literal["deleted", "expired"] = "deleted") -> int:
        """Delete messages everywhere, keeping a record of it; gives how many there were."""
        return self._write(lambda batch: deletion.delete(batch, project, ids, why))

    def delete_all(self, project: int) -> int:
        """Put the floor above everything in the project but pinned messages; gives how many there were."""
        return self._write(lambda batch: deletion.delete_all(batch, project))

    # -- sessions

    def open_session(self, transcript: Transcript) -> None:
        """A conversation begins: it can be read while it goes on."""
        self._sessions.open(transcript)

    def close_session(self, transcript: Transcript) -> None:
        """A conversation ended: keep its transcript (written behind, like everything else)."""
        if self._sessions.close(transcript):
            self._writer.submit(_wake)

    def sessions(self, *, before: str | None = None, limit: int = 50) -> list[Session]:
        """Sessions, newest first, older than the session *before*; the open ones among them."""
        live = self._sessions.in_memory()
        with self._snapshot() as db:
            return sessions.page(db, live, before, limit)

    def transcript(self, session: str) -> Transcript:
        """The transcript of a session, as far as it goes; raises `NotFound`."""
        live = self._sessions.transcript(session)
        if live is not None:
            return live
        with self._snapshot() as db:
            return sessions.transcript(db, session)

    # -- how

    def _snapshot(self) -> AbstractContextManager[Connection]:
        self._require_own()
        return self._readers.snapshot()

    def _submit(self, do: Callable[[Batch], T], size: int = 0) -> Future[T]:
        self._require_own()
        return self._writer.submit(do, size)

    def _require_own(self) -> None:
        if self._is_inherited:
            raise StoreUnavailable("the store belongs to the process that opened it")

    def _tell(self, events: list[Event], complete: Callable[[], object]) -> None:
        """Called by the writer after each commit."""
        self._checkpoints.note()
        if self._watch is not None:
            self._watch.note()
        for event in events:
            try:
                self._note(event)
            except Exception:  # it is committed: whatever fails now, the answer goes out
                log.exception("a commit could not be noted; the index and the chores may be behind")

        def announce() -> None:
            for event in events:
                self.bus.publish(event)
            complete()

        try:
            self.settle(announce)
        except RuntimeError:  # the loop that should have called it has stopped
            announce()

    def _note(self, event: Event) -> None:
        match event:
            case Added(summary=summary):
                self._sessions.count(summary.session, messages=summary.origin != "bounce")
                self._reclaim.added(len(event.octets()))
                self._retention.added(event.project)
                if self._packing is not None:
                    self._packing.note()
                self._fulltext.note(summary, event.octets())
            case Deleted():
                self._reclaim.note(messages=len(event.ids))
            case Changed(numbers=[first, *_]):
                self._retention.changed(event.project, first)
            case Emptied():
                self._reclaim.note(floor_of=event.project)

    def _inherit(self) -> None:
        """In a forked child: touch nothing, and let nothing be closed."""
        self._is_inherited = True
        self._directory.forget()
        for connection in (self._db, *self._readers.all, *self._checkpoints.all):
            _never_close(connection)


def _wake(_batch: Batch) -> None:
    """A job: none. But where nobody writes, it brings the writer to its chores."""


def _at_once(announce: Callable[[], None]) -> None:
    announce()


_STORES: weakref.WeakSet[SqliteStore] = weakref.WeakSet()


def _in_child() -> None:
    for store in _STORES:
        store._inherit()


def _never_close(connection: Connection) -> None:
    """SQLite forbids to carry a connection across a fork, even to close it there (sqlite.org/howtocorrupt.html §2.6).

    A reference that nobody gives back keeps Python from doing that when the child ends.
    """
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
