"""Databases of every earlier version, made by the code of their time, say the same to that of today."""

from __future__ import annotations

import json
import lzma
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from messages import new_message
from saved import picture

from mailtrap.store.schema import MIGRATIONS

if TYPE_CHECKING:
    from tests.store.conftest import Open

SAVED = sorted((Path(__file__).parent / "schemas").glob("*.db.xz"))
NEVER_SAVED = {len(MIGRATIONS)}
"""The newest version: as long as nothing comes after it, a new database is one."""


def version(file: Path) -> int:
    return int(file.name.partition(".")[0])


def test_every_version_is_saved() -> None:
    assert set(range(1, len(MIGRATIONS) + 1)) - {version(file) for file in SAVED} <= NEVER_SAVED


@pytest.mark.parametrize("file", SAVED, ids=version)
def test_an_earlier_database_has_all_that_was_in_it(reopen: Open, tmp_path: Path, file: Path) -> None:
    pictured = json.loads(file.with_name(f"{version(file)}.json").read_text("utf-8"))
    database = tmp_path / "data" / "mailtrap.db"
    database.parent.mkdir()
    database.write_bytes(lzma.decompress(file.read_bytes()))
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version(file),)

    store = reopen()
    assert json.loads(json.dumps(picture(store))) == pictured
    project = store.project("default").id
    before = store.mailbox(project, "ann@x.test")
    new = store.add(new_message(project)).result()
    assert [each.number for each in store.entries(before.id, after=before.uidnext - 1)] == [new.number]
    assert store.mailbox(project, "ann@x.test").uidvalidity == before.uidvalidity
    assert store.make_mailbox(project, "ann@x.test", "new").uidvalidity > before.uidvalidity
    store = reopen()
    assert store.messages(project, limit=1).summaries == [new]
    store.close()
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
