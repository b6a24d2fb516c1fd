"""What is to be done later, as the store remembers it over a restart; see `mailtrap.returns`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

from mailtrap.store import releasing
from mailtrap.store.batch import Batch
from mailtrap.store.part import Part


class Remembering(Part):
    """What `mailtrap.store.Store` says of it."""

    def remember(self, what: str) -> Future[int]:
        """Keep what is to be done later; gives its number when that is committed."""
        return self._submit(partial(_remember, what))

    def remembered(self) -> dict[int, str]:
        """All that is still to be done, by number, in the order in which it was kept."""
        with self._snapshot() as db:
            return dict(db.execute("SELECT number, what FROM remembered ORDER BY number").fetchall())

    def forget(self, number: int) -> Future[None]:
        """It is done."""
        return self._submit(partial(_forget, number))

    def release(self, number: int, project: int, message_id: str, accounts: Sequence[str]) -> Future[None]:
        """File a message for more accounts, if it is there still; *number* is done with that."""
        return self._submit(partial(releasing.release, number, project, message_id, accounts))


def _remember(what: str, batch: Batch) -> int:
    [number] = batch.db.execute("INSERT INTO remembered (what) VALUES (?) RETURNING number", (what,)).fetchone()
    return int(number)


def _forget(number: int, batch: Batch) -> None:
    batch.db.execute("DELETE FROM remembered WHERE number = ?", (number,))
