"""The write-ahead log, copied into the database beside the writer, so that no commit has to do it all at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from sqlite3 import Connection, Error

log = logging.getLogger(__name__)

_COMMITS = 100
"""So many are made before it begins: a short-lived store needs no thread for that."""

_PAGES = 1024
"""It is copied when it has about so many, a quarter of those at which the writer would do it (30 ms)."""

_SHORTEST, _LONGEST = 0.05, 1.0
"""Seconds between two times."""


class Checkpoints:
    """A thread that copies while others write; what the writer then still has to do is little (SQLite's PASSIVE mode).

    Nobody knows how long the log is but by looking, so the time between two looks follows what was found.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._commits = 0
        self._pause = _SHORTEST
        self._copied = 0
        self._closed = threading.Event()
        self._committed = threading.Event()
        self._thread: threading.Thread | None = None
        self.all: list[Connection] = []

    def note(self) -> None:
        """Something was committed. Called by the writer."""
        self._commits += 1
        self._committed.set()
        if self._thread is None and self._commits >= _COMMITS:
            self._thread = threading.Thread(target=self._run, name="mailtrap-checkpoints", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End."""
        self._closed.set()
        self._committed.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            db = self._connect()
            self.all.append(db)
        except Error as error:  # the writer does it all, then, as it did before
            log.warning("the log of the store is copied by its writer: %s", error)
            return
        try:
            while not self._closed.wait(self._pause):
                self._committed.wait()
                self._committed.clear()
                self._copy(db)
        finally:
            db.close()

    def _copy(self, db: Connection) -> None:
        try:
            _, length, copied = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except Error as error:  # a full disk, say; what cannot be copied stays in the log
            log.debug("the log could not be copied: %s", error)
            self._pause = _LONGEST
            return
        grown = length - self._copied if length >= self._copied else length  # the writer has begun it anew
        self._copied = copied
        self._pause = min(max(self._pause * _PAGES / max(grown, 1), _SHORTEST), 2 * self._pause, _LONGEST)
