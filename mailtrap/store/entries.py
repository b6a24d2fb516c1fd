"""Changes of entries: their flags and keywords."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from mailtrap.bus import Changed
from mailtrap.search.fold import storable
from mailtrap.store import codec
from mailtrap.store.batch import Batch
from mailtrap.store.records import Flag
from mailtrap.store.rows import AccountRow, MailboxRow
from mailtrap.store.there import entries_there

_SEEN = int(Flag.SEEN)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What may change about an entry."""

    mailbox: int
    uid: int
    message: int
    flags: int
    keywords: str
    removed: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What is to change about entries."""

    add: Flag = Flag(0)
    remove: Flag = Flag(0)
    add_keywords: Collection[str] = ()
    remove_keywords: Collection[str] = ()
    replace: bool = False
    """What is not added is taken away, and nothing else is."""

    def masks(self) -> tuple[int, int]:
        """Flags are first ANDed with the one, then ORed with the other."""
        return (0, int(self.add)) if self.replace else (~int(self.remove), int(self.add & ~self.remove))

    def keywords(self, there: str) -> str:
        """The keywords of an entry, with this change."""
        words = there.split()
        if self.replace:
            added = {storable(keyword).lower() for keyword in self.add_keywords}
            return keywords_text([keyword for keyword in words if keyword.lower() in added], self.add_keywords)
        return keywords_text(words, self.add_keywords, self.remove_keywords)


def flag(batch: Batch, mailbox: int, uids: Sequence[int], change: Change) -> int:
    """A job: change flags and keywords of entries; gives the mailbox's highest mod-sequence."""
    row = batch.books.mailbox(mailbox)
    kept, added = change.masks()
    same_keywords = not (change.replace or change.add_keywords or change.remove_keywords)
    pairs, ids = [], {}
    for there in entries_there(batch, row, uids):
        flags = there.flags & kept | added
        keywords = there.keywords if same_keywords else change.keywords(there.keywords)
        if (flags, keywords) != (there.flags, there.keywords):
            before = EntryRow(mailbox, there.uid, there.message, there.flags, there.keywords, removed=False)
            pairs.append((before, replace(before, flags=flags, keywords=keywords)))
            ids[there.message] = there.id
    mark(batch, pairs, ids)
    return row.highest_modseq


def mark(batch: Batch, pairs: Collection[tuple[EntryRow, EntryRow]], ids: dict[int, str]) -> set[int]:
    """Write entries as they are now, each after what it was; gives the messages that the bus will hear of.

    *ids* are those of the messages. Nobody is told of an entry that was removed.
    """
    if not pairs:
        return set()
    modseq = batch.books.next_modseq()
    mailboxes = {mailbox: batch.books.mailbox(mailbox) for mailbox in {entry.mailbox for entry, _ in pairs}}
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
            mailboxes[new.mailbox].unseen += (old.flags & _SEEN) - (new.flags & _SEEN)
            there[new.mailbox].append(new)
    for mailbox, entries in there.items():
        _tell_changed(batch, mailboxes[mailbox], entries, ids, modseq)
    return {entry.message for entries in there.values() for entry in entries}


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


def keywords_text(there: list[str], add: Iterable[str], remove: Iterable[str] = ()) -> str:
    """Keywords in any letter case are the same (RFC 9051 §2.3.2); the case they had first stays."""
    by_name = {keyword.lower(): keyword for keyword in there}
    for keyword in map(storable, add):
        by_name.setdefault(keyword.lower(), keyword)
    for keyword in map(storable, remove):
        by_name.pop(keyword.lower(), None)
    return " ".join(by_name.values())
