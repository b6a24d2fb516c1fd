"""ENVELOPE and BODYSTRUCTURE as they are sent: made once, with the texts to search, or on the spot."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from sqlite3 import Connection

from mailtrap.message.parse import Octets, Structure, parse
from mailtrap.message.structure import bodystructure, envelope
from mailtrap.store import codec, views
from mailtrap.store.batch import Batch
from mailtrap.store.records import Fetched

log = logging.getLogger(__name__)

Outline = tuple[int, bytes, bytes]
"""A message's number, its envelope and its body structure."""


def outline(number: int, message: Octets, structure: Structure) -> Outline | None:
    """The outline of a message; None if it cannot be made: that is a bug, and keeps nobody from the rest."""
    try:
        return number, envelope(message, structure), bodystructure(message, structure)
    except Exception:
        log.exception("message %d has no outline", number)
        return None


def complete(db: Connection, rows: list[Fetched]) -> tuple[list[Fetched], list[Outline]]:
    """*rows* with the outlines that are not there yet, and these."""
    made: dict[int, Outline] = {}
    for row in rows:
        if row.envelope is None and row.number not in made and (found := _on_the_spot(db, row.number)):
            made[row.number] = found
    if not made:
        return rows, []
    return [_with(row, made.get(row.number)) for row in rows], list(made.values())


def write(batch: Batch, rows: Iterable[Outline]) -> None:
    """Write outlines of messages that are there."""
    batch.db.executemany("INSERT OR REPLACE INTO outline VALUES (?, ?, ?)", rows)


def write_late(batch: Batch, rows: list[Outline]) -> None:
    """A job: write outlines; not of messages that were deleted meanwhile."""
    there = batch.db.execute(
        "SELECT number FROM message WHERE number IN (SELECT value FROM json_each(?))",
        (codec.encode([number for number, *_ in rows]),),
    )
    known = {number for [number] in there.fetchall()}
    write(batch, [row for row in rows if row[0] in known])


def _on_the_spot(db: Connection, number: int) -> Outline | None:
    message = views.raw(db, [number]).get(number)
    return None if message is None else outline(number, message, parse(message))


def _with(row: Fetched, found: Outline | None) -> Fetched:
    return row._replace(envelope=found[1], bodystructure=found[2]) if found else row
