"""Reading the octets of messages, by slices: none is larger than a row."""

from __future__ import annotations

from sqlite3 import Connection

from mailtrap.errors import NotFound
from mailtrap.store.codec import unpacked
from mailtrap.store.schema import SLICE


def size(db: Connection, number: int) -> int:
    """How many octets a message has; raises `NotFound` if it is not there, or under its project's floor."""
    found = db.execute(
        """
        SELECT size FROM message JOIN project ON project.id = message.project
        WHERE number = ? AND (number > floor OR pinned)
        """,
        (number,),
    ).fetchone()
    if found is None:
        raise NotFound(f"there is no message {number}")
    return int(found[0])


def count(db: Connection, number: int) -> int:
    """How many slices a message has; raises `NotFound`."""
    return -(-size(db, number) // SLICE)


def read_slice(db: Connection, number: int, n: int) -> bytes:
    """The slice *n* of a message; raises `NotFound`."""
    found = db.execute("SELECT octets, packed FROM raw WHERE key = ?", (number << 20 | n,)).fetchone()
    if found is None:
        raise NotFound(f"there is no message {number}")
    return unpacked(*found)


def read(db: Connection, number: int, start: int = 0, stop: int | None = None) -> bytes:
    """The octets of a message from *start* up to *stop*; raises `NotFound`."""
    end = size(db, number)
    stop = end if stop is None else min(stop, end)
    if start >= stop:
        return b""
    first = start // SLICE
    pieces = [read_slice(db, number, n) for n in range(first, (stop - 1) // SLICE + 1)]
    pieces[-1] = pieces[-1][: stop - (first + len(pieces) - 1) * SLICE]
    pieces[0] = pieces[0][start - first * SLICE :]
    return b"".join(pieces)
