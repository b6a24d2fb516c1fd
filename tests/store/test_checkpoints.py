"""The write-ahead log is copied beside the writer."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

from mailtrap.store.checkpoints import Checkpoints
from mailtrap.store.connections import connect


def database(path: Path) -> sqlite3.Connection:
    """One whose writer never copies its log."""
    db = connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("CREATE TABLE t (octets BLOB)")
    return db


def test_what_was_committed_gets_into_the_database(tmp_path: Path) -> None:
    file = tmp_path / "file.db"
    db = database(file)
    checkpoints = Checkpoints(partial(connect, file))
    for _ in range(200):
        db.execute("INSERT INTO t VALUES (zeroblob(4000))")
        checkpoints.note()
    while file.stat().st_size < 200 * 4000:  # it is there without the writer's doing anything
        db.execute("INSERT INTO t VALUES (zeroblob(4000))")
        checkpoints.note()
    checkpoints.close()

    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()


def test_a_store_that_does_little_needs_no_thread_for_it(tmp_path: Path) -> None:
    file = tmp_path / "file.db"
    checkpoints = Checkpoints(partial(connect, file))
    checkpoints.note()
    checkpoints.close()

    assert not file.exists()


def test_a_database_that_cannot_be_opened_is_left_to_the_writer(tmp_path: Path) -> None:
    checkpoints = Checkpoints(partial(connect, tmp_path / "not there" / "file.db"))
    for _ in range(200):
        checkpoints.note()
    checkpoints.close()
