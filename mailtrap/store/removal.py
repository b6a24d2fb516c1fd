"""Entries taken out of their mailbox, for ever; their messages are still there, but for what was appended."""

from __future__ import annotations

from collections.abc import Sequence

from mailtrap.bus import Removed
from mailtrap.search.fold import storable
from mailtrap.store import codec, deletion, expunged
from mailtrap.store.batch import Batch
from mailtrap.store.rows import MailboxRow
from mailtrap.store.there import There, entries_there


def remove(batch: Batch, mailbox: int, uids: Sequence[int], by: str) -> int:
    """A job: take entries out of a mailbox; gives its highest mod-sequence."""
    row = batch.books.mailbox(mailbox)
    take_out(batch, row, entries_there(batch, row, uids), by)
    return row.highest_modseq


def remove_all(batch: Batch, row: MailboxRow, by: str) -> None:
    """Take all entries out of a mailbox."""
    take_out(batch, row, entries_there(batch, row), by)


def take_out(batch: Batch, row: MailboxRow, entries: Sequence[There], by: str) -> None:
    """Take entries, which are there, out of their mailbox."""
    if not entries:
        return
    modseq = batch.books.next_modseq()
    batch.db.executemany(
        "UPDATE entry SET removed_at = ?, removed_by = ?, modseq = ? WHERE mailbox = ? AND uid = ?",
        [(batch.at, storable(by), modseq, row.id, entry.uid) for entry in entries],
    )
    row.messages -= len(entries)
    row.unseen -= sum(not entry.seen for entry in entries)
    row.size -= sum(entry.size for entry in entries)
    row.highest_modseq = modseq
    uids = tuple([entry.uid for entry in entries])
    expunged.log(batch.db, row, expunged.ranges(uids), modseq)
    project = row.account.project.id
    batch.events.append(Removed(project, modseq, row.id, uids, tuple([entry.id for entry in entries])))
    _let_go(batch, project, [entry.id for entry in entries if entry.appended])


def _let_go(batch: Batch, project: int, appended: list[str]) -> None:
    """What was appended goes with its last entry."""
    if not appended:
        return
    left = batch.db.execute(
        """
        SELECT id FROM message WHERE id IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.message = number AND removed_at IS NULL)
        """,
        (codec.encode(appended),),
    )
    deletion.delete(batch, project, [message_id for [message_id] in left.fetchall()], "deleted")
