"""Messages put into a mailbox by IMAP: appended, copied, moved."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from mailtrap.bus import Copied, Filed
from mailtrap.errors import NotFound
from mailtrap.store import codec, facts, octets, removal
from mailtrap.store.batch import Batch
from mailtrap.store.entries import keywords_text
from mailtrap.store.ingest import Storing
from mailtrap.store.records import Flag, NewMessage
from mailtrap.store.rows import MailboxRow
from mailtrap.store.there import There, entries_there

Pairs = list[tuple[int, int]]
"""UIDs in the one mailbox, and those that their copies have in the other."""


class Appending(Storing):
    """A job: store a message in one mailbox alone, whose account and project are its own; raises `NotFound`."""

    def __init__(self, new: NewMessage, mailbox: int, flags: Flag, keywords: Collection[str]) -> None:
        super().__init__(replace(new, origin="append", envelope=None))
        self._mailbox = mailbox
        self._flags = int(flags)
        self._keywords = keywords_text([], keywords)
        self._seen = bool(flags & Flag.SEEN)

    def __call__(self, batch: Batch) -> Filed:
        row = batch.books.target(self._mailbox)
        self._accounts = (row.account.name,)
        self._new = replace(self._new, project=row.account.project.id)
        return self.store(batch).filed[0]

    def _file(self, batch: Batch, number: int, modseq: int) -> tuple[tuple[Filed, ...], str]:
        row = batch.books.mailbox(self._mailbox)
        [uid] = _put(batch, row, [(number, self._flags, self._keywords, len(self._new.octets))], modseq)
        row.account.messages += 1
        row.account.unseen += not self._seen
        batch.add_filed(row.account.id, number)
        return (Filed(row.id, uid),), codec.encode(self._accounts)


def copy(batch: Batch, mailbox: int, uids: Sequence[int], target: int) -> Pairs:
    """A job: copy entries, with flags and dates; raises `NotFound` if one of the mailboxes is not there."""
    source, into = batch.books.mailbox(mailbox), batch.books.target(target)
    return _copied(batch, source, into, entries_there(batch, source, uids))


def move(batch: Batch, mailbox: int, uids: Sequence[int], target: int, by: str) -> Pairs:
    """A job: copy entries, and take them out where they were."""
    source, into = batch.books.mailbox(mailbox), batch.books.target(target)
    return _moved(batch, source, into, entries_there(batch, source, uids), by)


def move_all(batch: Batch, source: MailboxRow, into: MailboxRow, by: str) -> None:
    """Move all entries of a mailbox."""
    _moved(batch, source, into, entries_there(batch, source), by)


def _moved(batch: Batch, source: MailboxRow, into: MailboxRow, found: list[There], by: str) -> Pairs:
    pairs = _copied(batch, source, into, found)
    removal.take_out(batch, source, found, by)
    return pairs


def _copied(batch: Batch, source: MailboxRow, into: MailboxRow, found: list[There]) -> Pairs:
    if source.account.project is not into.account.project:
        raise NotFound(f"mailbox {into.name} is in another project")
    if not found:
        return []
    old = [each.uid for each in found]
    if source.account is not into.account:
        return list(zip(old, [_append_copy(batch, into, each) for each in found], strict=True))
    modseq = batch.books.next_modseq()
    new = _put(batch, into, [(each.message, each.flags, each.keywords, each.size) for each in found], modseq)
    numbers, ids = tuple([each.message for each in found]), tuple([each.id for each in found])
    batch.events.append(Copied(into.account.project.id, modseq, into.id, tuple(new), numbers, ids))
    return list(zip(old, new, strict=True))


def _append_copy(batch: Batch, into: MailboxRow, entry: There) -> int:
    """A copy for another account is a message of its own: what was captured for whom stays as it was."""
    [at, written] = batch.db.execute(
        "SELECT received_at, facts FROM message WHERE number = ?", (entry.message,)
    ).fetchone()
    new = NewMessage(
        project=into.account.project.id,
        origin="append",
        octets=octets.read(batch.db, entry.message),
        facts=facts.of(batch.db, entry.message, written),
        envelope=None,
        accounts=(),
        received_at=codec.time(at),
    )
    return Appending(new, into.id, Flag(entry.flags), entry.keywords.split())(batch).uid


def _put(batch: Batch, row: MailboxRow, entries: Sequence[tuple[int, int, str, int]], modseq: int) -> list[int]:
    """New entries, given as message, flags, keywords and size; gives their UIDs."""
    uids = list(range(row.uidnext, row.uidnext + len(entries)))
    batch.db.executemany(
        "INSERT INTO entry (mailbox, uid, message, modseq, flags, keywords) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (row.id, uid, message, modseq, flags, keywords)
            for uid, (message, flags, keywords, _) in zip(uids, entries, strict=True)
        ],
    )
    row.uidnext += len(entries)
    row.highest_modseq = modseq
    row.messages += len(entries)
    row.unseen += sum(not flags & Flag.SEEN for _, flags, _, _ in entries)
    row.size += sum(size for *_, size in entries)
    return uids
