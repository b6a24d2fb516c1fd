"""The one thread that writes: it takes whatever is queued and commits it in one transaction."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from sqlite3 import Connection, Error
from typing import Any, Literal, Protocol, TypeVar

from mailtrap.bus import Event
from mailtrap.errors import StoreUnavailable
from mailtrap.store.batch import Batch
from mailtrap.store.books import Books
from mailtrap.store.connections import in_our_words
from mailtrap.store.jobs import Job, Jobs

log = logging.getLogger(__name__)

T = TypeVar("T")

QUIET = 0.05
"""Seconds without work after which there is time for chores."""

_TURN = 0.25
"""Seconds after which chores get a slice even where there is no quiet moment."""

REST = 1.0
"""Seconds without work after which the write-ahead log is copied into the database."""

_LINGER = 0.001
"""Seconds that a batch is held open for those who wrote with the last one; whoever is alone never waits."""

_MOST_JOBS = 256
_MOST_OCTETS = 8 << 20
"""What one transaction holds, so that nobody waits long for it."""


class Chore(Protocol):
    """Work that can wait for a quiet moment, done in slices of a few milliseconds, each in a batch of its own."""

    @property
    def due(self) -> bool:
        """There is something to do."""

    @property
    def urgent(self) -> bool:
        """It cannot wait any longer."""

    def __call__(self, batch: Batch) -> None:
        """Do a slice of it."""


class Writer:
    """Commits jobs in the order they came, has their events told, and then completes their futures."""

    def __init__(
        self,
        db: Connection,
        books: Books,
        tell: Callable[[list[Event], Callable[[], object]], object],
        chores: Sequence[Chore] = (),
    ) -> None:
        """*tell* is called after each commit, with what everybody should hear before those who wait go on."""
        self._db = db
        self._books = books
        self._tell = tell
        self._chores = chores
        self._jobs = Jobs()
        self._size = 0
        """Of the last batch."""
        self._chores_turn = 0.0
        self._books_are_right = True
        self._log_is_copied = True
        self._thread = threading.Thread(target=self._run, name="mailtrap-writer", daemon=True)
        self._thread.start()

    def submit(self, do: Callable[[Batch], T], size: int = 0) -> Future[T]:
        """Do this in the next batch; it may be called twice, if the first came to nothing. *size* is in octets."""
        done: Future[T] = Future()
        if not self._jobs.put(Job(do, done, size)):
            done.set_exception(StoreUnavailable("the store is closed"))
        return done

    def close(self) -> None:
        """Commit what is queued, do what is due, and end."""
        self._jobs.close()
        self._thread.join()

    def _run(self) -> None:
        patience: float | None = QUIET
        while not self._jobs.over:
            try:
                jobs = self._take(patience)
                if jobs:
                    self._commit(jobs)
                    self._do_chores("urgent" if time.monotonic() < self._chores_turn else "due")
                    patience = QUIET
                elif not self._jobs.over:
                    patience = self._use_time(patience or 0)
            except Exception as error:
                failure = in_our_words(error)
                if isinstance(failure, StoreUnavailable):  # as long as a disk is full, say
                    log.warning("chores have to wait: %s", failure)
                else:
                    log.exception("the writer failed, and goes on")
                patience = REST

    def _take(self, patience: float | None) -> list[Job]:
        """Whatever is queued, up to a limit, waiting *patience* seconds for the first.

        A commit costs the same for one and for several: so clients that write at the same time are let in together.
        """
        company = self._size + len(self._jobs)  # those of the last batch, and those who came meanwhile
        self._jobs.wait(1, patience)
        if 0 < len(self._jobs) < company:
            self._jobs.wait(min(company, _MOST_JOBS), _LINGER)
        jobs = self._jobs.take(_MOST_JOBS, _MOST_OCTETS)
        self._size = len(jobs)
        return jobs

    def _commit(self, jobs: list[Job]) -> None:
        try:
            batch, results = self._transact([job.do for job in jobs])
        except Exception as error:
            failure = in_our_words(error)
            if len(jobs) == 1:
                self._tell([], partial(jobs[0].done.set_exception, failure))
            else:  # one failed: it shall fail alone
                for job in jobs:
                    self._commit([job])
            return

        def complete() -> None:
            for job, result in zip(jobs, results, strict=True):
                job.done.set_result(result)

        self._tell(batch.events, complete)

    def _transact(self, do: Sequence[Callable[[Batch], Any]]) -> tuple[Batch, list[Any]]:
        """All of it, committed, or nothing of it and what went wrong."""
        try:
            if not self._books_are_right:
                self._books.reread()
                self._books_are_right = True
            batch = Batch(self._db, self._books)
            self._db.execute("BEGIN IMMEDIATE")
            results = [each(batch) for each in do]
            batch.write()
            self._books.write()
            self._db.execute("COMMIT")
        except BaseException:
            self._books_are_right = False
            with suppress(Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            raise
        self._books.committed()
        self._log_is_copied = False
        for each in batch.afterwards:
            each()
        return batch, results

    def _use_time(self, waited: float) -> float | None:
        """Nothing has come for so many seconds: do something else; gives how long to wait for the next job."""
        if self._do_chores("due"):
            return 0
        if self._log_is_copied:
            return None
        if waited < REST:
            return REST
        self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._log_is_copied = True
        return None

    def _do_chores(self, when: Literal["due", "urgent"]) -> bool:
        """Do a slice of each chore of which that is so; whether there was any."""
        chores = [chore for chore in self._chores if getattr(chore, when)]
        if when == "due":
            self._chores_turn = time.monotonic() + _TURN
        for chore in chores:
            batch, _ = self._transact([chore])
            self._tell(batch.events, lambda: None)
        return bool(chores)
