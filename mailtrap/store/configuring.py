"""What is configured of accounts and projects, as the store keeps it; see `mailtrap.configured`."""

from __future__ import annotations

from functools import partial

from mailtrap.configured import Configured, State
from mailtrap.search.fold import storable
from mailtrap.store.batch import Batch
from mailtrap.store.part import Part


class Configuring(Part):
    """What `mailtrap.store.Store` says of it."""

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
        self._write(partial(_configure, project, account))

    def unconfigure(self, project: int, name: str) -> None:
        """An account is not configured any more."""
        self._write(partial(_unconfigure, project, name))

    def passwords(self) -> dict[int, str]:
        """The passwords of the projects that have one."""
        with self._snapshot() as db:
            return dict(db.execute("SELECT id, password FROM project WHERE password IS NOT NULL").fetchall())

    def set_password(self, project: int, password: str | None) -> None:
        """Give a project a password, or none; raises `NotFound`."""
        self._write(partial(_set_password, project, password))


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
