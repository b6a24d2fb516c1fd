"""A store of a test's own, temporary or in a directory that it can be opened in again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailtrap.store.sqlite import SqliteStore

Open = Callable[[], SqliteStore]


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    """A temporary one."""
    opened = SqliteStore()
    yield opened
    opened.close()


@pytest.fixture
def project(store: SqliteStore) -> int:
    """A project in it."""
    return store.new_project().id


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Open]:
    """Opens one in this test's directory, closing it first where it is open."""
    stores: list[SqliteStore] = []

    def opened() -> SqliteStore:
        while stores:
            stores.pop().close()
        stores.append(SqliteStore(tmp_path / "data"))
        return stores[-1]

    yield opened
    for each in stores:
        each.close()
