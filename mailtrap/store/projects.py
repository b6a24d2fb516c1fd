"""Projects, and what was refused in them."""

from __future__ import annotations

import json
from collections.abc import Collection
from sqlite3 import Connection

from mailtrap.bus import ProjectDeleted
from mailtrap.envelope import new_id
from mailtrap.store import codec, deletion
from mailtrap.store.batch import Batch
from mailtrap.store.records import Project, Refusal


def find(db: Connection, name: str) -> Project | None:
    """The project called *name*."""
    found = db.execute("SELECT id, name FROM project WHERE name = ? AND deleted_at IS NULL", (name,)).fetchone()
    return Project(*found) if found else None


def make(name: str, batch: Batch) -> Project:
    """A job: the project called *name*; made, if there is none."""
    batch.db.execute("INSERT INTO project (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    return Project(*batch.db.execute("SELECT id, name FROM project WHERE name = ?", (name,)).fetchone())


def fresh_name() -> str:
    """A name that no project has."""
    return f"world-{new_id()}"


def every(db: Connection) -> list[Project]:
    """All projects, by name."""
    found = db.execute("SELECT id, name FROM project WHERE deleted_at IS NULL ORDER BY name")
    return [Project(*columns) for columns in found.fetchall()]


def delete(project: int, batch: Batch) -> None:
    """A job: delete all messages of a project, pinned ones too, and free its name; raises `NotFound`."""
    row = batch.books.project(project)
    pinned = batch.db.execute("SELECT id FROM message WHERE project = ? AND pinned > 0", (project,)).fetchall()
    deletion.delete(batch, project, [message_id for [message_id] in pinned], "deleted")
    deletion.delete_all(batch, project)
    batch.db.execute("DELETE FROM configured WHERE project = ?", (project,))
    row.deleted_at = batch.at
    batch.db.execute(
        "UPDATE project SET name = name || ' (deleted ' || id || ')', password = NULL, deleted_at = ? WHERE id = ?",
        (batch.at, project),
    )
    batch.events.append(ProjectDeleted(project, batch.books.next_modseq()))


def refusals(db: Connection, project: int, since: int, limit: int) -> list[Refusal]:
    """What was refused in a project, oldest first, behind a row number."""
    found = db.execute(
        """
        SELECT project, session, stage, reply, envelope, partial, number, at FROM refusal
        WHERE project = :project AND number > :since ORDER BY number LIMIT :limit
        """,
        {"project": project, "since": since, "limit": limit},
    )
    return [
        Refusal(its_project, session, stage, reply, codec.envelope_of(envelope), partial, number, codec.time(at))
        for its_project, session, stage, reply, envelope, partial, number, at in found.fetchall()
    ]


def last_refusals(db: Connection, sessions: Collection[str]) -> dict[str, Refusal]:
    """The last refusal of each session that had one, without what had come of its data: that may be much."""
    found = db.execute(
        """
        SELECT project, session, stage, reply, envelope, number, at FROM refusal WHERE number IN (
            SELECT max(number) FROM refusal WHERE session IN (SELECT value FROM json_each(:sessions)) GROUP BY session
        )
        """,
        {"sessions": json.dumps([*sessions])},
    )
    return {
        session: Refusal(project, session, stage, reply, codec.envelope_of(envelope), b"", number, codec.time(at))
        for project, session, stage, reply, envelope, number, at in found.fetchall()
    }
