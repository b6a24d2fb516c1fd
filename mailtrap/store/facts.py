"""The facts of messages: written with them, or behind the answer; until then they are found on the spot."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection

from mailtrap.message.facts import Facts, LateFacts, examined
from mailtrap.store import codec
from mailtrap.store.batch import Batch

LATE = ""
"""What stands in the column of a message into which nobody has looked."""


def text(found: Facts) -> str:
    """What to write down for them now."""
    return LATE if isinstance(found, LateFacts) and not found.is_settled else codec.facts_json(found)


def of(db: Connection, number: int, written: str) -> Facts:
    """The facts of a message of which that is *written*."""
    return codec.facts_of(written) if written != LATE else examined(_octets(db, number))


def write_late(batch: Batch, found: Iterable[tuple[int, Facts]]) -> None:
    """A part of a job: write those down that are missing; not of messages that were deleted meanwhile."""
    batch.db.executemany(
        "UPDATE message SET facts = ? WHERE number = ? AND facts = ?",
        [(codec.facts_json(each), number, LATE) for number, each in found],
    )


def _octets(db: Connection, number: int) -> bytes:
    """Its octets, also under a floor."""
    found = db.execute(
        "SELECT octets, packed FROM raw WHERE key BETWEEN :first AND :first | 1048575 ORDER BY key",
        {"first": number << 20},
    )
    return b"".join([codec.unpacked(*row) for row in found.fetchall()])
