"""What is configured of accounts and projects, as the store keeps it; see `mailtrap.configured`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from sqlite3 import Connection
from typing import TypeVar

from mailtrap.configured import Configured, State
from mailtrap.search.fold import storable
from mailtrap.store.batch import Batch

T = TypeVar("T")


class Configuring(ABC):
    """What `mailtrap.store.Store` says of it."""

    @abstractmethod
    def _snapshot(self) -> AbstractContextManager[Connection]:
        """A connection that sees one moment of the store."""

    @abstractmethod
    def _submit(self, do: Callable[[Batch], T], size: int = 0) -> Future[T]:
        """Have it done by the writer."""

    def configured(self) -> list[tuple[int, Configured]]:
        """Every account that is configured, and its project."""
        with self._snapshot() as db:
            found = db.execute("SELECT project, name, password, state, quota FROM configured").fetchall()
        return [
            (project, Configured(name, password, State(state), quota))
            for project, name, password, state, quota in found
        ]

    def configure(self, project: int, account: Configured) -> None:
        """Keep how an account is configured; raises `NotFound` if there is no such project."""
        self._submit(partial(_configure, project, account)).result()

    def unconfigure(self, project: int, name: str) -> None:
        """An account is not configured any more."""
        self._submit(partial(_unconfigure, project, name)).result()

    def passwords(self) -> dict[int, str]:
        """The passwords of the projects that have one."""
        with self._snapshot() as db:
            return dict(db.execute("SELECT id, password FROM project WHERE password IS NOT NULL").fetchall())

    def set_password(self, project: int, password: str | None) -> None:
        """Give a project a password, or none; raises `NotFound`."""
        self._submit(partial(_set_password, project, password)).result()


def _configure(project: int, account: Configured, batch: Batch) -> None:
    batch.books.project(project)
    batch.db.execute(
        "INSERT OR REPLACE INTO configured (project, name, password, state, quota) VALUES (?, ?, ?, ?, ?)",
        (project, storable(account.name), account.password, account.state.value, account.quota),
    )


def _unconfigure(project: int, name: str, batch: Batch) -> None:
    batch.db.execute("DELETE FROM configured WHERE project = ? AND name = ?", (project, storable(name)))


def _set_password(project: int, password: str | None, batch: Batch) -> None:
    batch.books.project(project)
    batch.db.execute("UPDATE project SET password = ? WHERE id = ?", (password, project))
