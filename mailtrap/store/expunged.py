"""The log of UIDs that went, by which QRESYNC tells a client what it missed (RFC 7162 §3.2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection

from mailtrap.store.rows import MailboxRow

Range = tuple[int, int]
"""The first and the last UID."""

_MOST = 1000
"""So many ranges of a mailbox are remembered."""


def ranges(uids: Iterable[int]) -> list[Range]:
    """UIDs as ranges, ascending.

    >>> ranges([4, 1, 2, 9, 3])
    [(1, 4), (9, 9)]
    """
    return merged([(uid, uid) for uid in uids])


def merged(found: Iterable[Range]) -> list[Range]:
    """Ranges that neither overlap nor touch, ascending.

    >>> merged([(5, 9), (1, 3), (2, 4), (12, 12)])
    [(1, 9), (12, 12)]
    """
    result: list[Range] = []
    for first, last in sorted(found):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result


def without(found: Iterable[Range], uids: Iterable[int]) -> list[Range]:
    """Ranges with *uids* cut out of them.

    >>> without([(1, 9)], [3, 9])
    [(1, 2), (4, 8)]
    """
    result = merged(found)
    for uid in uids:
        result = [
            part
            for first, last in result
            for part in ([(first, uid - 1), (uid + 1, last)] if first <= uid <= last else [(first, last)])
            if part[0] <= part[1]
        ]
    return result


def log(db: Connection, mailbox: MailboxRow, found: list[Range], modseq: int) -> None:
    """Note that *found* went at *modseq*, and forget what was noted too long ago."""
    db.executemany("INSERT INTO expunged VALUES (?, ?, ?, ?)", [(mailbox.id, modseq, *each) for each in found])
    beyond = db.execute(
        "SELECT modseq FROM expunged WHERE mailbox = ? ORDER BY modseq DESC LIMIT 1 OFFSET ?", (mailbox.id, _MOST)
    ).fetchone()
    if beyond:
        db.execute("DELETE FROM expunged WHERE mailbox = ? AND modseq <= ?", (mailbox.id, *beyond))
        [mailbox.expunged_from] = beyond


def since(db: Connection, mailbox: int, modseq: int) -> list[Range]:
    """What the log says went after *modseq*."""
    found = db.execute("SELECT uid_from, uid_to FROM expunged WHERE mailbox = ? AND modseq > ?", (mailbox, modseq))
    return merged(found.fetchall())
