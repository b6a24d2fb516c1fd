"""Records that are kept for a while: the newest so many, and no more octets than so many."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Literal

ROWS = 10_000
OCTETS = 256 << 20


class Bound:
    """Keeps a table, whose rows are numbered, within its bounds."""

    def __init__(self, table: Literal["session", "refusal"], blob: str) -> None:
        """*blob* is the column that takes up the space."""
        self._too_many = f"DELETE FROM {table} WHERE number <= ?"
        self._too_much = f"""
            DELETE FROM {table} WHERE number <= (
                SELECT max(number) FROM (
                    SELECT number, sum(length({blob})) OVER (ORDER BY number DESC) AS taken FROM {table}
                ) WHERE taken > ?
            )
        """
        self._unmeasured = 0

    def keep(self, db: Connection, newest: int, octets: int) -> None:
        """Rows up to *newest* were added, with so many octets: let go of the oldest that are beyond the bounds."""
        db.execute(self._too_many, (newest - ROWS,))
        self._unmeasured += octets
        if self._unmeasured > OCTETS // 64:  # to measure is to read every row
            db.execute(self._too_much, (OCTETS,))
            self._unmeasured = 0
