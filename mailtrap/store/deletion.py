"""Messages out: deleted or expired one by one, or all at once by a floor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Literal

from mailtrap.bus import Deleted, Emptied
from mailtrap.store import codec, expunged
from mailtrap.store.batch import Batch
from mailtrap.store.rows import ProjectRow

Found = tuple[int, str, int]
"""The number, the id and the size of a message."""

REMEMBERED = 10_000
"""So many messages of a project are known to be gone, and since when."""

_LOOK = 100
"""After so many more it is looked whether they are too many."""


def delete(batch: Batch, project: int, ids: Collection[str], why: Literal["deleted", "expired"]) -> int:
    """A job: delete messages everywhere, and remember that they were here."""
    row = batch.books.project(project)
    found = batch.db.execute(
        """
        SELECT number, id, size, origin = 'append', pinned <= 0 FROM message
        WHERE id IN (SELECT value FROM json_each(:ids)) AND project = :project AND (number > :floor OR pinned)
        """,
        {"ids": codec.encode(list(ids)), "project": project, "floor": row.floor},
    ).fetchall()
    delete_found(batch, row, found, why)
    return len(found)


def delete_found(
    batch: Batch, row: ProjectRow, found: list[tuple[int, str, int, int, int]], why: Literal["deleted", "expired"]
) -> None:
    """Delete these of a project: number, id, size, whether it was appended, whether it may expire."""
    if not found:
        return
    modseq = batch.books.next_modseq()
    row.messages -= len(found)
    row.appended -= sum(appended for *_, appended, _ in found)
    row.lose(sum(loose for *_, loose in found), sum(size for _, _, size, _, loose in found if loose))
    numbers = [number for number, *_ in found]
    uids = _take_out(batch, numbers, modseq)
    bury(batch, row, [(number, name, size) for number, name, size, *_ in found], modseq, batch.at, why)
    batch.events.append(Deleted(row.id, modseq, tuple(name for _, name, *_ in found), tuple(numbers), why, uids))


def delete_all(batch: Batch, project: int) -> int:
    """A job: put the floor above everything in the project but pinned messages."""
    row = batch.books.project(project)
    # What an earlier floor spared and nobody has pinned since is not spared twice.
    batch.db.execute("UPDATE message SET pinned = 0 WHERE project = ? AND pinned AND pinned < 0", (project,))
    [pinned, appended] = batch.db.execute(
        "SELECT count(*), coalesce(sum(origin = 'append'), 0) FROM message WHERE project = ? AND pinned", (project,)
    ).fetchone()
    count: int = row.messages - pinned
    row.messages, row.appended = pinned, appended
    row.loose = row.loose_octets = 0
    row.floor, row.floor_modseq = batch.books.number, batch.books.next_modseq()
    batch.db.execute(
        "UPDATE project SET floor = ?, floor_modseq = ?, floored_at = ? WHERE id = ?",
        (row.floor, row.floor_modseq, batch.at, project),
    )
    batch.events.append(Emptied(project, row.floor_modseq, row.floor))
    return count


def sink(batch: Batch, project: ProjectRow, found: list[Found]) -> None:
    """Take the rows of messages away that a floor has long put out of sight, as of when that was."""
    [at] = batch.db.execute("SELECT floored_at FROM project WHERE id = ?", (project.id,)).fetchone()
    bury(batch, project, found, project.floor_modseq, at, "deleted")


def bury(batch: Batch, project: ProjectRow, found: list[Found], modseq: int, at: int, why: str) -> None:
    """Take the rows of messages away, all but octets and texts, which go in a quiet moment."""
    db = batch.db
    numbers = [(number,) for number, *_ in found]
    db.executemany(
        """
        DELETE FROM filed WHERE message = ?1 AND account IN (
            SELECT account FROM mailbox JOIN entry ON entry.mailbox = mailbox.id WHERE entry.message = ?1
        )
        """,
        numbers,
    )
    for statement in (
        "DELETE FROM entry WHERE message = ?",
        "DELETE FROM tag WHERE message = ?",
        "DELETE FROM message WHERE number = ?",
    ):
        db.executemany(statement, numbers)
    db.executemany(
        "INSERT OR REPLACE INTO gone VALUES (?, ?, ?, ?, ?, ?)",
        [(number, name, project.id, modseq, at, why) for number, name, _ in found],
    )
    db.executemany("INSERT INTO purge VALUES (?, ?)", [(number, size) for number, _, size in found])
    _forget(batch, project, len(found))


def _take_out(batch: Batch, numbers: Iterable[int], modseq: int) -> dict[int, tuple[int, ...]]:
    """Take messages out of their mailboxes, and out of the counters of these and of their accounts.

    Gives the UIDs that went, by mailbox.
    """
    entries = batch.db.execute(
        """
        SELECT entry.message, entry.mailbox, entry.uid, entry.flags & 1, entry.removed_at IS NOT NULL, message.size
        FROM entry JOIN message ON message.number = entry.message
        WHERE entry.message IN (SELECT value FROM json_each(?))
        """,
        (codec.encode(list(numbers)),),
    ).fetchall()
    uids: dict[int, list[int]] = defaultdict(list)
    seen_by: dict[tuple[int, int], bool] = defaultdict(bool)
    accounts = {}
    for message, mailbox, uid, seen, removed, size in entries:
        row = batch.books.mailbox(mailbox)
        accounts[row.account.id] = row.account
        seen_by[row.account.id, message] |= bool(seen)
        if not removed:
            uids[mailbox].append(uid)
            row.messages -= 1
            row.unseen -= not seen
            row.size -= size
    for (account, _), seen in seen_by.items():
        accounts[account].messages -= 1
        accounts[account].unseen -= not seen
    for mailbox, gone in uids.items():
        row = batch.books.mailbox(mailbox)
        row.highest_modseq = modseq
        expunged.log(batch.db, row, expunged.ranges(gone), modseq)
    return {mailbox: tuple(sorted(gone)) for mailbox, gone in uids.items()}


def _forget(batch: Batch, project: ProjectRow, more: int) -> None:
    """Keep what is remembered within its bound, or little above: to look where that is takes as long as to bury ten."""
    project.remembered += more
    if project.remembered < _LOOK:
        return
    project.remembered = 0
    batch.db.execute(
        """
        DELETE FROM gone WHERE project = :project AND number <= (
            SELECT number FROM gone WHERE project = :project ORDER BY number DESC LIMIT 1 OFFSET :most
        )
        """,
        {"project": project.id, "most": REMEMBERED},
    )
