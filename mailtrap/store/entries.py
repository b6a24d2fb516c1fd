"""Changes of entries: their flags and keywords, and taking them out of their mailbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from mailtrap.bus import Changed, Removed
from mailtrap.search.fold import storable
from mailtrap.store import codec, deletion, expunged
from mailtrap.store.batch import Batch
from mailtrap.store.records import Flag
from mailtrap.store.rows import AccountRow, MailboxRow


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What may change about an entry."""

    mailbox: int
    uid: int
    message: int
    flags: int
    keywords: str
    removed: bool


_THERE = """
    FROM entry JOIN message m ON m.number = entry.message
    WHERE entry.mailbox = :mailbox AND entry.uid IN (SELECT value FROM json_each(:uids))
    AND entry.removed_at IS NULL AND (m.number > :floor OR m.pinned) ORDER BY entry.uid
"""


def flag(
    batch: Batch,
    mailbox: int,
    uids: Sequence[int],
    add: Flag,
    remove: Flag,
    add_keywords: Collection[str],
    remove_keywords: Collection[str],
) -> int:
    """A job: change flags and keywords of entries; gives the mailbox's highest mod-sequence."""
    row = batch.books.mailbox(mailbox)
    columns = "entry.mailbox, entry.uid, entry.message, entry.flags, entry.keywords, 0, m.id"
    pairs, ids = [], {}
    for *found, message_id in batch.db.execute(f"SELECT {columns} {_THERE}", _named(row, uids)).fetchall():
        entry = EntryRow(*found)
        keywords = _keywords(entry.keywords.split(), add_keywords, remove_keywords)
        pairs.append((entry, replace(entry, flags=(entry.flags | add) & ~remove, keywords=keywords)))
        ids[entry.message] = message_id
    mark(batch, [(before, after) for before, after in pairs if before != after], ids)
    return row.highest_modseq


def mark(batch: Batch, pairs: Collection[tuple[EntryRow, EntryRow]], ids: dict[int, str]) -> set[int]:
    """Write entries as they are now, each after what it was; gives the messages that the bus will hear of.

    *ids* are those of the messages. Nobody is told of an entry that was removed.
    """
    if not pairs:
        return set()
    modseq = batch.books.next_modseq()
    mailboxes = {entry.mailbox: batch.books.mailbox(entry.mailbox) for entry, _ in pairs}
    accounts = {row.account.id: row.account for row in mailboxes.values()}.values()
    numbers = [entry.message for entry, _ in pairs]
    unseen = [_unseen(batch, account, numbers) for account in accounts]
    batch.db.executemany(
        "UPDATE entry SET flags = ?, keywords = ?, modseq = ? WHERE mailbox = ? AND uid = ?",
        [(after.flags, after.keywords, modseq, after.mailbox, after.uid) for _, after in pairs],
    )
    for account, before in zip(accounts, unseen, strict=True):
        account.unseen += _unseen(batch, account, numbers) - before
    there = defaultdict(list)
    for old, new in pairs:
        if not new.removed:
            mailboxes[new.mailbox].unseen += (old.flags & Flag.SEEN) - (new.flags & Flag.SEEN)
            there[new.mailbox].append(new)
    for mailbox, entries in there.items():
        _tell_changed(batch, mailboxes[mailbox], entries, ids, modseq)
    return {entry.message for entries in there.values() for entry in entries}


def remove(batch: Batch, mailbox: int, uids: Sequence[int], by: str) -> int:
    """A job: take entries out of a mailbox; gives its highest mod-sequence."""
    row = batch.books.mailbox(mailbox)
    columns = "entry.uid, entry.flags & 1, m.size, m.id, m.origin = 'append'"
    found = batch.db.execute(f"SELECT {columns} {_THERE}", _named(row, uids)).fetchall()
    if not found:
        return row.highest_modseq
    gone = [uid for uid, *_ in found]
    modseq = batch.books.next_modseq()
    batch.db.executemany(
        "UPDATE entry SET removed_at = ?, removed_by = ?, modseq = ? WHERE mailbox = ? AND uid = ?",
        [(batch.at, storable(by), modseq, mailbox, uid) for uid in gone],
    )
    row.messages -= len(found)
    row.unseen -= sum(not seen for _, seen, *_ in found)
    row.size -= sum(size for _, _, size, *_ in found)
    row.highest_modseq = modseq
    expunged.log(batch.db, row, expunged.ranges(gone), modseq)
    project = row.account.project.id
    batch.events.append(Removed(project, modseq, mailbox, tuple(gone)))
    _let_go(batch, project, [message_id for *_, message_id, appended in found if appended])
    return modseq


def _let_go(batch: Batch, project: int, appended: list[str]) -> None:
    """What was appended goes with its last entry."""
    found = batch.db.execute(
        """
        SELECT id FROM message WHERE id IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.message = number AND removed_at IS NULL)
        """,
        (codec.encode(appended),),
    )
    deletion.delete(batch, project, [message_id for [message_id] in found.fetchall()], "deleted")


def _tell_changed(batch: Batch, row: MailboxRow, entries: list[EntryRow], ids: dict[int, str], modseq: int) -> None:
    row.highest_modseq = modseq
    numbers = tuple(dict.fromkeys(entry.message for entry in entries))
    batch.events.append(
        Changed(
            row.account.project.id,
            modseq,
            numbers=numbers,
            mailbox=row.id,
            uids=tuple(entry.uid for entry in entries),
            ids=tuple(ids[number] for number in numbers),
        )
    )


def _unseen(batch: Batch, account: AccountRow, numbers: Iterable[int]) -> int:
    """How many of these messages no entry of the account has seen."""
    [count] = batch.db.execute(
        """
        SELECT count(DISTINCT value) FROM json_each(:numbers) WHERE NOT EXISTS (
            SELECT 1 FROM entry JOIN mailbox ON mailbox.id = entry.mailbox
            WHERE entry.message = value AND entry.flags & 1 AND mailbox.account = :account
        )
        """,
        {"numbers": codec.encode(list(numbers)), "account": account.id},
    ).fetchone()
    return int(count)


def _named(row: MailboxRow, uids: Sequence[int]) -> dict[str, str | int]:
    return {"mailbox": row.id, "uids": codec.encode(list(uids)), "floor": row.account.project.floor}


def _keywords(there: list[str], add: Iterable[str], remove: Iterable[str]) -> str:
    """Keywords in any letter case are the same (RFC 9051 §2.3.2); the case they had first stays."""
    by_name = {keyword.lower(): keyword for keyword in there}
    for keyword in map(storable, add):
        by_name.setdefault(keyword.lower(), keyword)
    for keyword in map(storable, remove):
        by_name.pop(keyword.lower(), None)
    return " ".join(by_name.values())
