"""Texts to search, indexed behind the answer; whoever searches them waits until all are there that he may know of."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import fields
from functools import partial
from operator import attrgetter
from sqlite3 import Connection

from mailtrap.errors import NotFound, StoreUnavailable
from mailtrap.message.facts import Facts, LateFacts
from mailtrap.message.parse import Octets, parse
from mailtrap.message.summary import Summary
from mailtrap.search.document import Document, document
from mailtrap.store import codec, facts, lists, octets, outlines
from mailtrap.store.batch import Batch
from mailtrap.store.connections import Readers

log = logging.getLogger(__name__)

QUIET = 0.02
"""Seconds without a new message after which it begins."""

_BACKLOG = 500
_BACKLOG_OCTETS = 8 << 20
"""With so many messages waiting it does not wait for quiet; and so many octets are held for it."""

_AT_ONCE = 32
"""So many are indexed in one transaction, which takes 4 ms: others wait to write meanwhile."""

_PAGES = 16
"""So many pages of the index are merged with every transaction; twice as many as one of messages adds."""

_PAUSE = 0.0005
"""Seconds between two messages, in which the event loop has the interpreter for itself: a command takes less."""

_PATIENCE = 1.0
"""Seconds after which what failed is tried again."""

Texts = tuple[Summary, Octets | None]
Row = tuple[int | str, ...]


class Fulltext:
    """One thread that makes documents of messages, in the order of their numbers, and has them written."""

    def __init__(
        self, readers: Readers, submit: Callable[[Callable[[Batch], None]], Future[None]], indexed: int, newest: int
    ) -> None:
        """*indexed* is how far it came before, *newest* the newest message there is."""
        self._readers = readers
        self._submit = submit
        self._indexed = indexed
        self._newest = newest
        self._wanted = 0
        self._failure: Exception | None = None
        self._closed = False
        self._last = time.monotonic()
        self._waiting: deque[Texts] = deque()
        self._held = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        if newest > indexed:
            self._start()

    @property
    def indexed(self) -> int:
        """Every message up to this number has been looked at."""
        return self._indexed

    def note(self, summary: Summary, message: Octets) -> None:
        """A message was committed. Called by the writer, for one after the other."""
        with self._changed:
            first = self._newest == self._indexed
            self._newest = summary.number
            self._last = time.monotonic()
            # What does not fit is read again when its turn comes; but one may be of any size, it is in memory anyway.
            fits = not self._held or self._held + len(message) <= _BACKLOG_OCTETS
            if fits and len(self._waiting) < 2 * _BACKLOG:
                self._waiting.append((summary, message))
                self._held += len(message)
            if first:
                self._changed.notify_all()
        if self._thread is None:
            self._start()

    def catch_up(self) -> None:
        """Wait until every message that was committed by now can be found by its text."""
        with self._changed:
            target = self._newest
            if self._indexed >= target:
                return
            self._wanted = max(self._wanted, target)
            self._failure = None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._indexed >= target or self._failure or self._closed)
            if self._indexed < target:
                raise StoreUnavailable("the search index cannot be brought up to date") from self._failure

    def close(self) -> None:
        """End; what is not indexed will be, the next time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="mailtrap-index", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self._is_time():
            try:
                self._index()
            except Exception as error:
                if not isinstance(error, StoreUnavailable):
                    log.exception("messages could not be indexed; it will be tried again")
                with self._changed:
                    self._failure = error
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._closed or self._failure is None, _PATIENCE)

    def _is_time(self) -> bool:
        """Wait until there is something to do, and time to do it; False at the end."""
        with self._changed:
            while not self._closed:
                quiet = self._last + QUIET - time.monotonic()
                if self._indexed >= self._newest:
                    self._changed.wait()
                elif quiet <= 0 or self._wanted > self._indexed or self._newest - self._indexed >= _BACKLOG:
                    return True
                else:
                    self._changed.wait(quiet)
            return False

    def _index(self) -> None:
        found, up_to = self._next()
        rows: list[Row] = []
        made: list[outlines.Outline] = []
        late: list[tuple[int, Facts]] = []
        for summary, message in found:
            time.sleep(self._pause)
            document, outline = self._texts(summary, message)
            if document is not None:
                rows.append((summary.number, *_columns(document)))
            if outline is not None:
                made.append(outline)
            if message is None or isinstance(summary.facts, LateFacts):
                late.append((summary.number, summary.facts))
        self._submit(partial(_write, rows, made, late, self._indexed, up_to)).result()
        with self._changed:
            self._indexed = up_to
            self._failure = None
            self._changed.notify_all()

    @property
    def _pause(self) -> float:
        """None where somebody waits for it, or more comes than it can keep up with."""
        is_late = self._wanted > self._indexed or self._newest - self._indexed >= 2 * _BACKLOG
        return 0 if is_late else _PAUSE

    def _next(self) -> tuple[list[Texts], int]:
        """Messages to index next, and up to which number these are all there are."""
        with self._changed:
            after, up_to = self._indexed, self._newest
            found: list[Texts] = []
            while self._waiting and len(found) < _AT_ONCE and self._waiting[0][0].number <= after + len(found) + 1:
                summary, message = self._waiting.popleft()
                self._held -= len(message or b"")
                if summary.number > after:
                    found.append((summary, message))
            if self._waiting:
                up_to = self._waiting[0][0].number - 1
        if found:
            return found, found[-1][0].number
        with self._readers.snapshot() as db:
            summaries = lists.after(db, after, up_to, _AT_ONCE)
        return [(each, None) for each in summaries], summaries[-1].number if len(summaries) == _AT_ONCE else up_to

    def _texts(self, summary: Summary, message: Octets | None) -> tuple[Document | None, outlines.Outline | None]:
        if message is None:
            try:
                with self._readers.snapshot() as db:
                    message = octets.read(db, summary.number)
            except NotFound:  # deleted meanwhile
                return None, None
        structure = parse(message)
        if isinstance(summary.facts, LateFacts):
            summary.facts.settle(structure)
        outline = outlines.outline(summary.number, message, structure)
        # A bug there must not keep others from being found, nor this one by its envelope.
        for seen, its_structure in ((message, structure), (b"", None)):
            try:
                return document(seen, summary, its_structure), outline
            except Exception:
                log.exception("message %s cannot be read for the index", summary.id)
        return None, outline


def _write(
    rows: list[Row],
    made: list[outlines.Outline],
    late: list[tuple[int, Facts]],
    after: int,
    up_to: int,
    batch: Batch,
) -> None:
    """A job: write documents, outlines and facts, and the index; not of messages that were deleted meanwhile."""
    there = batch.db.execute(
        "SELECT number FROM message WHERE number IN (SELECT value FROM json_each(?))",
        (codec.encode([number for number, *_ in (*rows, *made)]),),
    ).fetchall()
    known = {number for [number] in there}
    batch.db.executemany(_DOCUMENT, [row for row in rows if row[0] in known])
    outlines.write(batch, [outline for outline in made if outline[0] in known])
    facts.write_late(batch, late)
    batch.db.execute(_FULLTEXT, {"after": after, "up_to": up_to})
    batch.db.execute("UPDATE counter SET value = ? WHERE name = 'indexed'", (up_to,))
    merge(batch.db)


def merge(db: Connection, *, everything: bool = False) -> bool:
    """Merge some of what the index is written in: a search looks at every segment. To be done with each write.

    Gives whether there may be more to do. *everything*: begin to make one segment of all, the only one that has
    nothing of what was deleted.
    """
    before = db.total_changes
    db.execute("INSERT INTO fulltext (fulltext, rank) VALUES ('merge', ?)", (-_PAGES if everything else _PAGES,))
    return db.total_changes - before >= 2  # sqlite.org/fts5.html §6.8


_columns = attrgetter(*(field.name for field in fields(Document)))
_DOCUMENT = """
    INSERT INTO document (message, subject, addresses, names, keys, codes, headers, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_FULLTEXT = """
    INSERT INTO fulltext (rowid, subject, addresses, names, codes, headers, body)
    SELECT message, subject, addresses, names, codes, headers, body FROM document
    WHERE message > :after AND message <= :up_to
"""
