"""Connections: one that writes and a few that read, borrowed for a call; and what their errors mean."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from mailtrap.errors import StoreUnavailable
from mailtrap.store.query import register
from mailtrap.store.schema import check, migrate

_A_MOMENT = 2.0
"""Seconds."""

Synchronous = Literal["OFF", "NORMAL", "FULL"]
"""What survives power loss: nothing, for a temporary store; a whole file, less the last commits; every commit."""

WAL_PAGES = 4096
"""The log is written back when it has so many pages (16 MiB: 30 ms), and before that in quiet moments."""

_ENVIRONMENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
"""Errors that are the disk's or the file's fault; any other is a bug of ours."""


def in_our_words(error: Exception) -> Exception:
    """*error* as the store raises it."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _ENVIRONMENT:
        return StoreUnavailable(f"the store cannot be used now: {error}")
    return error


def open_writer(file: Path, synchronous: Synchronous) -> sqlite3.Connection:
    """The connection that writes, to a database of the latest version; made, if there is none."""
    db = None
    try:
        _look_at_log(file)
        with suppress(OSError):  # there already; or SQLite will say why not
            file.touch(0o600, exist_ok=False)  # mail and passwords are not everybody's; logs have the file's mode
        db = connect(file)
        check(db, str(file))
        # Space that was taken can be given back in slices; this must be said before the first table is made.
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute(f"PRAGMA synchronous = {synchronous}")
        [mode] = db.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreUnavailable(f"{file} cannot have a write-ahead log: put it on a local disk")  # noqa: TRY301
        db.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        db.execute(f"PRAGMA journal_size_limit = {WAL_PAGES << 12}")  # to write over it costs half of what growing does
        db.execute("PRAGMA secure_delete = OFF")
        migrate(db)
    except BaseException as error:
        damage = _damage(db) if db is not None and getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL else ""
        if db is not None:
            db.close()
        if damage:
            raise StoreUnavailable(f"{file} {_ADVICE[sqlite3.SQLITE_CORRUPT].format(error=damage)}") from error
        if isinstance(error, sqlite3.Error):
            raise StoreUnavailable(_why(file, error)) from error
        raise
    return db


def _damage(db: sqlite3.Connection) -> str:
    """What is damaged, if that is seen in a moment: a page's number beyond the end is "full" to SQLite, too."""
    timer = threading.Timer(_A_MOMENT, db.interrupt)
    timer.start()
    try:
        said = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error:  # it takes too long
        return ""
    finally:
        timer.cancel()
    return "" if said == "ok" else said.splitlines()[-1]


class Readers:
    """A small pool of connections that read. Nothing stays open on one that is not borrowed."""

    def __init__(self, file: Path, most: int = 4) -> None:
        self._file = file
        self._free: list[sqlite3.Connection] = []
        self._unopened = most
        self._closed = False
        self._changed = threading.Condition()
        self.all: list[sqlite3.Connection] = []

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection for the time of the block, which sees one moment of the store."""
        db = self._borrow()
        try:
            db.execute("BEGIN")
            yield db
        except sqlite3.Error as error:
            raise in_our_words(error) from error
        finally:
            self._give_back(db)

    def close(self) -> None:
        """Lend no more, and close what is not lent; what is will be closed when it comes back."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            while self._free:
                self._free.pop().close()

    def _borrow(self) -> sqlite3.Connection:
        with self._changed:
            while not self._closed and not self._free and not self._unopened:
                self._changed.wait()
            if self._closed:
                raise StoreUnavailable("the store is closed")
            if self._free:
                return self._free.pop()
            self._unopened -= 1
        try:
            db = connect(self._file)
            db.execute("PRAGMA query_only = ON")
            register(db)
        except sqlite3.Error as error:
            with self._changed:
                self._unopened += 1
                self._changed.notify()
            raise in_our_words(error) from error
        self.all.append(db)
        return db

    def _give_back(self, db: sqlite3.Connection) -> None:
        try:
            if db.in_transaction:
                db.execute("ROLLBACK")
        finally:
            with self._changed:
                if self._closed:
                    db.close()
                else:
                    self._free.append(db)
                    self._changed.notify()


def connect(file: Path) -> sqlite3.Connection:
    """A connection that commits when it is told to."""
    return sqlite3.connect(file, isolation_level=None, check_same_thread=False, cached_statements=256)


@contextmanager
def opening(file: Path) -> Iterator[None]:
    """What SQLite says of *file* in this block ends the attempt to open it, in one line of ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(_why(file, error)) from error


def _look_at_log(file: Path) -> None:
    """SQLite would take the log of a database that is not there for a leftover, and delete it."""
    log = Path(f"{file}-wal")
    if log.exists() and log.stat().st_size and not (file.exists() and file.stat().st_size):
        raise StoreUnavailable(f"{log} is the log of {file.name}, which is not there: put it back, or take both away")


_ADVICE = {
    sqlite3.SQLITE_NOTADB: "is damaged, or no database of this program ({error}); it was left as it is",
    sqlite3.SQLITE_CORRUPT: "is damaged ({error}), and nothing of it was deleted: restore it, or use another directory",
    sqlite3.SQLITE_FULL: "cannot be opened, because the disk is full: make room, or use another directory",
    sqlite3.SQLITE_READONLY: "may not be written to by this user: allow it, or use another directory",
    sqlite3.SQLITE_PERM: "may not be written to by this user: allow it, or use another directory",
    sqlite3.SQLITE_CANTOPEN: "may not be read or written by this user: allow it, or use another directory",
    sqlite3.SQLITE_BUSY: "is used by another program ({error}): stop that one, or use another directory",
    sqlite3.SQLITE_IOERR_SHMOPEN: "cannot have a write-ahead log: put it on a local disk",
    sqlite3.SQLITE_IOERR_SHMSIZE: "cannot have a write-ahead log: put it on a local disk",
    sqlite3.SQLITE_IOERR_SHMMAP: "cannot have a write-ahead log: put it on a local disk",
    sqlite3.SQLITE_IOERR_SHMLOCK: "cannot have a write-ahead log: put it on a local disk",
}
"""By the extended code of an error, or else by its primary one."""


def _why(file: Path, error: sqlite3.Error) -> str:
    if "no such module: fts5" in str(error) or "no such tokenizer: trigram" in str(error):
        return (
            f"this Python's SQLite ({sqlite3.sqlite_version}) has no full-text search with trigrams: "
            "use a Python whose SQLite is 3.34 or newer and built with FTS5"
        )
    code = getattr(error, "sqlite_errorcode", 0)
    advice = _ADVICE.get(code) or _ADVICE.get(code & 0xFF, "cannot be opened: {error}")
    return f"{file} {advice.format(error=error)}"
