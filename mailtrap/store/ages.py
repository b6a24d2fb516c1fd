"""How long messages have been here, by a clock of the store's own that nobody can set.

It goes on as long as the store is open, whatever the machine's clock does. While the store is closed it goes by the
machine's, but no more than a day each time, and never back. What a message says of its date does not count, nor when
it came to wherever it was exported from: marks say how far the numbers went at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from sqlite3 import Connection

MOST_ASLEEP = 86_400.0
"""Seconds that a time without us counts at the most."""


def uptime() -> float:
    """Seconds on a clock that is never set, and does not stop where the machine sleeps, if it can be helped."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)  # Linux
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


class Ages:
    """The store's clock, and its marks. Used by the writer alone."""

    def __init__(
        self, db: Connection, uptime: Callable[[], float] = uptime, wall: Callable[[], float] = time.time
    ) -> None:
        self._uptime = uptime
        self._wall = wall
        known = dict(db.execute("SELECT name, value FROM counter WHERE name IN ('clock', 'clock_wall')").fetchall())
        asleep = wall() - known["clock_wall"] / 1e6 if known else 0.0
        self._start: float = known.get("clock", 0) / 1e6 + min(max(asleep, 0.0), MOST_ASLEEP) - uptime()

    def now(self) -> float:
        """Seconds that the store has lived."""
        return self._start + self._uptime()

    def advance(self, seconds: float) -> None:
        """Move it ahead, as if so much time had passed."""
        self._start += seconds

    def mark(self, db: Connection, number: int) -> None:
        """Note that *number* is the newest now."""
        now = int(self.now() * 1e6)
        db.executemany(
            "INSERT OR REPLACE INTO counter VALUES (?, ?)", [("clock", now), ("clock_wall", int(self._wall() * 1e6))]
        )
        [last] = db.execute("SELECT max(number) FROM mark").fetchone()
        if last is None or number > last:
            db.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (now, number))

    def horizon(self, db: Connection, age: float) -> int:
        """All messages up to this number have been here for *age* seconds."""
        found = db.execute(
            "SELECT number FROM mark WHERE at <= ? ORDER BY at DESC LIMIT 1", (int((self.now() - age) * 1e6),)
        ).fetchone()
        return int(found[0]) if found else 0

    def forget(self, db: Connection, age: float) -> None:
        """Forget marks that are only needed for greater ages than this, but for the newest of those."""
        before = int((self.now() - age) * 1e6)
        db.execute("DELETE FROM mark WHERE at < (SELECT max(at) FROM mark WHERE at <= ?)", (before,))
