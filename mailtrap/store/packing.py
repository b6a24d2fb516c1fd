"""Octets compressed, where that is wanted: later, in the background, a few at a time, each row on its own.

A row is as it was or compressed, and says which; so it can be turned on and off at any time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from mailtrap.errors import StoreUnavailable
from mailtrap.store import codec
from mailtrap.store.batch import Batch
from mailtrap.store.connections import Readers

log = logging.getLogger(__name__)

_DELAY = 0.5
"""Seconds after a message before it begins, so that several are done together."""

_ROWS = 32
_OCTETS = 1 << 20
"""So much is done in one transaction, which takes 2 ms."""

_REST = 3
"""It rests so many times as long as it worked: others have to do, too."""

_PATIENCE = 5.0
"""Seconds after which what failed is tried again."""

Packed = list[tuple[bytes, int]]
"""Octets, and the key of their row."""


class Packing:
    """One thread that goes through the rows of octets in the order of their keys, and has them written smaller."""

    def __init__(
        self,
        readers: Readers,
        submit: Callable[[Callable[[Batch], None]], Future[None]],
        freed: Callable[[], None],
    ) -> None:
        """*freed* is called in the writer, when there is space to give back."""
        self._readers = readers
        self._freed = freed
        self._submit = submit
        self._closed = threading.Event()
        self._more = threading.Event()
        self._more.set()  # what came before it was turned on
        self._thread = threading.Thread(target=self._run, name="mailtrap-packing", daemon=True)
        self._thread.start()

    def note(self) -> None:
        """A message was stored."""
        self._more.set()

    def close(self) -> None:
        """End; the rest will be done the next time."""
        self._closed.set()
        self._more.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._more.wait()
            self._closed.wait(_DELAY)
            self._more.clear()
            try:
                self._catch_up()
            except Exception as error:
                if not isinstance(error, StoreUnavailable):
                    log.exception("messages could not be compressed; it will be tried again")
                self._more.set()
                self._closed.wait(_PATIENCE)

    def _catch_up(self) -> None:
        began = time.thread_time()
        while not self._closed.is_set() and self.pack():
            self._closed.wait((time.thread_time() - began) * _REST)
            began = time.thread_time()

    def pack(self) -> bool:
        """Compress the next rows; whether there were any."""
        with self._readers.snapshot() as db:
            after = db.execute("SELECT value FROM counter WHERE name = 'packed'").fetchone() or (-1,)
            sizes = db.execute(
                "SELECT key, length(octets) FROM raw WHERE key > ? ORDER BY key LIMIT ?", (*after, _ROWS)
            ).fetchall()
        keys: list[int] = []
        octets = 0
        for key, size in sizes:
            octets += size
            if keys and octets > _OCTETS:
                break
            keys.append(key)
        if not keys:
            return False
        made: Packed = []
        for key in keys:
            with self._readers.snapshot() as db:
                found = db.execute("SELECT octets FROM raw WHERE key = ? AND NOT packed", (key,)).fetchone()
            smaller = codec.packed(found[0]) if found else None
            if smaller is not None:
                made.append((smaller, key))
        self._submit(partial(self._write, made, keys[-1])).result()
        return True

    def _write(self, made: Packed, up_to: int, batch: Batch) -> None:
        """A job: write the rows that are still there."""
        batch.db.executemany("UPDATE raw SET octets = ?, packed = 1 WHERE key = ?", made)
        batch.db.execute("INSERT OR REPLACE INTO counter VALUES ('packed', ?)", (up_to,))
        batch.afterwards.append(self._freed)
