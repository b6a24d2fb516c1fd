"""The entries of a mailbox that a job works on: those that are there, neither removed nor under a floor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mailtrap.store import codec
from mailtrap.store.batch import Batch
from mailtrap.store.rows import MailboxRow


class There(NamedTuple):
    """An entry, and what is to be known of its message."""

    uid: int
    message: int
    flags: int
    keywords: str
    size: int
    id: str
    appended: bool

    @property
    def seen(self) -> bool:
        """It has the flag."""
        return bool(self.flags & 1)


def entries_there(batch: Batch, row: MailboxRow, uids: Sequence[int] | None = None) -> list[There]:
    """Those of *uids*, or all, ascending."""
    of = {"mailbox": row.id, "floor": row.account.project.floor}
    if uids is None:
        found = batch.db.execute(_ALL, of)
    else:
        found = batch.db.execute(_THESE, {**of, "uids": codec.encode(list(uids))})
    return list(map(There._make, found.fetchall()))


_ENTRY = """
    SELECT entry.uid, entry.message, entry.flags, entry.keywords, m.size, m.id, m.origin = 'append'
    FROM entry JOIN message m ON m.number = entry.message
    WHERE entry.mailbox = :mailbox AND entry.removed_at IS NULL AND (m.number > :floor OR m.pinned)
"""
_ALL = f"{_ENTRY} ORDER BY entry.uid"
_THESE = f"{_ENTRY} AND entry.uid IN (SELECT value FROM json_each(:uids)) ORDER BY entry.uid"
