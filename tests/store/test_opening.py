"""What a store says of a directory that it cannot have, and what it leaves behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from forking import in_child
from messages import new_message

from mailtrap.errors import StoreInUse, StoreUnavailable
from mailtrap.search.tree import Text
from mailtrap.store.directory import PREFIX
from mailtrap.store.schema import APPLICATION, MIGRATIONS
from mailtrap.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from tests.store.conftest import Open

needs_fork = pytest.mark.needs("fcntl")  # where that is, there is fork


def refused(path: Path) -> str:
    """What opening a store in *path* says, in one line."""
    with pytest.raises(StoreUnavailable) as error:
        SqliteStore(path)
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def database(path: Path) -> Path:
    return path / "data" / "mailtrap.db"


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")

    assert "is not a directory" in refused(tmp_path / "data")
    assert (tmp_path / "data").read_text() == "mine"
    assert "cannot be written to" in refused(tmp_path / "data" / "below")


@needs_fork
def test_what_is_kept_is_not_for_others_on_the_machine_to_read(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "data")
    store.project("team-a")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    store.close()

    assert {"mailtrap.db", "mailtrap.db-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}


@needs_fork
def test_a_directory_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)

    def refuse() -> str:
        if os.getuid() == 0:
            os.setuid(65534)  # nothing is closed to root
        return refused(tmp_path)

    assert "cannot be written to: Permission denied" in in_child(refuse)


@pytest.mark.parametrize(
    "octets", [b"no database " * 1000, b"SQLite format 3\0" + b"\xff" * 5000, b"SQLite format 3\0"], ids=len
)
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "data").mkdir()
    database(tmp_path).write_bytes(octets)

    assert "it was left as it is" in refused(tmp_path / "data")
    assert database(tmp_path).read_bytes() == octets


def test_a_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with sqlite3.connect(database(tmp_path)) as db:
        db.execute("CREATE TABLE mine (value)")
    db.close()
    before = database(tmp_path).read_bytes()

    assert "is a database of something else" in refused(tmp_path / "data")
    assert database(tmp_path).read_bytes() == before


def test_a_database_of_a_newer_version_is_left_as_it_is(reopen: Open, tmp_path: Path) -> None:
    reopen().close()
    with sqlite3.connect(database(tmp_path)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()

    assert "was written by a newer version of this program" in refused(tmp_path / "data")


FIRST_VERSION = """
    INSERT INTO project (id, name, messages) VALUES (1, 'default', 1);
    INSERT INTO account (id, project, name, messages, unseen) VALUES (1, 1, 'ann@x.test', 1, 1);
    INSERT INTO mailbox (id, account, name, uidvalidity, uidnext, highest_modseq, messages, unseen, size)
        VALUES (7, 1, 'INBOX', 3, 6, 1, 1, 1, 30);
    INSERT INTO message (number, id, project, origin, received_at, modseq, size, accounts, facts)
        VALUES (1, 'kept', 1, 'import', 0, 1, 30, '["ann@x.test"]', '{"size":30}');
    INSERT INTO raw VALUES (1 << 20, CAST('Subject: old' || char(13, 10, 13, 10) || 'Hello, Ann.' AS BLOB));
    INSERT INTO entry (mailbox, uid, message, modseq) VALUES (7, 5, 1, 1);
    INSERT INTO filed VALUES (1, 1);
    UPDATE counter SET value = 3 WHERE name = 'uidvalidity';
    UPDATE counter SET value = 1 WHERE name = 'modseq';
"""
"""What a database of version 1 says after one message."""


def test_a_database_of_the_first_version_is_brought_up_to_date(reopen: Open, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with sqlite3.connect(database(tmp_path), isolation_level=None) as db:
        MIGRATIONS[0](db)
        db.executescript(FIRST_VERSION)
        db.execute("PRAGMA user_version = 1")
        db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.close()

    store = reopen()
    assert store._db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert store.octets(1).endswith(b"Hello, Ann.")
    assert [each.id for each in store.messages(1, Text("body", "hello")).summaries] == ["kept"]
    there = store.mailbox(1, "ann@x.test")
    assert (there.id, there.uidvalidity, there.uidnext, there.messages, there.deleted) == (7, 3, 6, 1, 0)
    assert [each.uid for each in store.entries(7)] == [5]
    assert store.make_mailbox(1, "ann@x.test", "new").uidvalidity == 4


def test_a_damaged_database_is_refused_or_fails_in_our_words_and_is_never_wiped(reopen: Open, tmp_path: Path) -> None:
    store = reopen()
    project = store.project("default").id
    message = store.add(new_message(project, b"x" * 50_000)).result()
    store.close()
    octets = bytearray(database(tmp_path).read_bytes())
    octets[4096:] = b"\xff" * (len(octets) - 4096)
    database(tmp_path).write_bytes(octets)

    with pytest.raises(StoreUnavailable, match=r"damaged|malformed"):
        reopen().octets(message.number)
    assert len(database(tmp_path).read_bytes()) >= len(octets)


def test_a_directory_in_use_names_the_process(reopen: Open, tmp_path: Path) -> None:
    reopen()

    with pytest.raises(StoreInUse, match=rf"{tmp_path / 'data'} is in use by process {os.getpid()};"):
        SqliteStore(tmp_path / "data")


def test_a_directory_is_free_again_when_the_store_is_closed(reopen: Open) -> None:
    assert reopen() is not reopen()


def test_a_step_of_migration_is_done_whole_or_not_at_all(
    reopen: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = reopen()
    message = store.add(new_message(store.project("default").id)).result()
    store.close()

    def fail(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (value)")
        db.execute("no SQL")

    monkeypatch.setattr("mailtrap.store.schema.MIGRATIONS", (*MIGRATIONS, fail))
    refused(tmp_path / "data")
    monkeypatch.undo()

    store = reopen()
    assert store.octets(message.number)
    assert store._db.execute("SELECT * FROM sqlite_schema WHERE name = 'half'").fetchall() == []


def test_a_temporary_store_leaves_nothing(tmp_path: Path) -> None:
    store = SqliteStore(temp_dir=tmp_path / "made")
    [directory] = (tmp_path / "made").iterdir()
    assert directory.stat().st_mode & 0o777 == 0o700
    store.close()

    assert list((tmp_path / "made").iterdir()) == []


def test_a_temporary_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnavailable, match=str(tmp_path / "file")):
        SqliteStore(temp_dir=tmp_path / "file")


@needs_fork
def test_what_a_dead_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    in_child(lambda: str(SqliteStore(temp_dir=tmp_path)))  # and it ends without closing it
    [left] = tmp_path.iterdir()
    alive = SqliteStore(temp_dir=tmp_path / "alive")
    (tmp_path / f"{PREFIX}notes").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(alive._directory.path)
    (tmp_path / f"{PREFIX}report.txt").touch()
    there = {each.name for each in tmp_path.iterdir()}

    SqliteStore(temp_dir=tmp_path).close()

    assert {each.name for each in tmp_path.iterdir()} == there - {left.name}
    alive.close()
    assert alive._directory.path.parent.is_dir()


def test_another_store_that_is_open_is_no_leftover(tmp_path: Path) -> None:
    first, second = SqliteStore(temp_dir=tmp_path), SqliteStore(temp_dir=tmp_path)
    assert first._directory.path.exists()
    for store in (first, second):
        assert store.new_project()
        store.close()


def test_opening_and_closing_leaves_nothing_to_warn_of(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from mailtrap.errors import StoreUnavailable
from mailtrap.store.sqlite import SqliteStore
for path in (None, Path(sys.argv[1])):
    store = SqliteStore(path)
    next(iter(store.messages(store.new_project().id).summaries), None)
    if path:
        try:
            SqliteStore(path)
        except StoreUnavailable:
            pass
    store.close()
"""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", code, str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, env=child_environment())

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def child_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(Path.cwd()), *sys.path]))}
