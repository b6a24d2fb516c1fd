"""The part of the store that POP3 and IMAP live in: accounts, their mailboxes, and the entries in these."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future
from datetime import date
from functools import partial

from mailtrap.bus import Filed
from mailtrap.search.tree import Query
from mailtrap.store import copying, entries, folders, hierarchy, inside, outlines, removal, views
from mailtrap.store.fulltext import Fulltext
from mailtrap.store.part import Part
from mailtrap.store.records import Account, Entry, Fetched, Flag, Mailbox, NewMessage, View


class Mailboxes(Part):
    """What `mailtrap.store.Store` says of accounts, mailboxes and entries."""

    _fulltext: Fulltext

    # -- accounts and mailboxes

    def accounts(self, project: int, *, contains: str = "", after: str = "", limit: int = 200) -> list[Account]:
        """Accounts in the order of their names, after the name *after*."""
        with self._snapshot() as db:
            return folders.accounts(db, project, contains=contains, after=after, limit=limit)

    def account(self, project: int, name: str) -> Account:
        """One account by its folded name; raises `NotFound`."""
        with self._snapshot() as db:
            return folders.account(db, project, name)

    def mailboxes(self, project: int, account: str) -> list[Mailbox]:
        """The mailboxes of an account that have been made, by name, INBOX first."""
        with self._snapshot() as db:
            return folders.mailboxes(db, project, account)

    def mailbox(self, project: int, account: str, name: str = "INBOX") -> Mailbox:
        """A mailbox of an account; raises `NotFound`."""
        with self._snapshot() as db:
            return folders.mailbox(db, project, account, name)

    def open_mailbox(self, project: int, account: str, name: str) -> Mailbox:
        """A mailbox of an account; made, with the account, if there is none."""
        with self._snapshot() as db:
            found = folders.find_mailbox(db, project, account, name)
        if found is None:
            self._write(lambda batch: hierarchy.open_mailbox(batch, project, account, name))
        return found or self.mailbox(project, account, name)

    def make_mailbox(self, project: int, account: str, name: str) -> Mailbox:
        """A new mailbox; raises `AlreadyExists`."""
        self._write(lambda batch: hierarchy.make(batch, project, account, name))
        return self.mailbox(project, account, name)

    def delete_mailbox(self, project: int, account: str, name: str) -> None:
        """Take everything out of a mailbox and free its name; raises `NotFound`."""
        self._write(lambda batch: hierarchy.delete(batch, project, account, name))

    def rename_mailbox(self, project: int, account: str, old: str, new: str) -> None:
        """Rename a mailbox and those below it; raises `NotFound` and `AlreadyExists`."""
        self._write(lambda batch: hierarchy.rename(batch, project, account, old, new))

    def mailbox_names(self, mailbox: int) -> tuple[str, str]:
        """The name of a mailbox's account and its own, as it is or was when it was deleted; raises `NotFound`."""
        with self._snapshot() as db:
            return views.names(db, mailbox)

    def subscriptions(self, project: int, account: str) -> dict[str, bool]:
        """What an account has subscribed to (True) or unsubscribed from (False), by name."""
        with self._snapshot() as db:
            return folders.subscriptions(db, project, account)

    def subscribe(self, project: int, account: str, name: str, subscribed: bool) -> None:
        """Subscribe an account to a name, or unsubscribe it."""
        self._write(lambda batch: hierarchy.subscribe(batch, project, account, name, subscribed))

    # -- what is in a mailbox

    def entries(self, mailbox: int, *, after: int = 0, limit: int = 200) -> list[Entry]:
        """Entries in the order of their UIDs, after UID *after*."""
        with self._snapshot() as db:
            return folders.entries(db, mailbox, after=after, limit=limit)

    def view(self, mailbox: int) -> View:
        """A mailbox at this moment; raises `NotFound`."""
        with self._snapshot() as db:
            return views.view(db, mailbox)

    def keywords(self, mailbox: int) -> tuple[str, ...]:
        """The keywords in use in a mailbox, in any letter case once; raises `NotFound`."""
        with self._snapshot() as db:
            return views.keywords(db, mailbox)

    def deleted(self, mailbox: int) -> list[int]:
        """The UIDs of the entries with the flag ``\\\\Deleted``, ascending; raises `NotFound`."""
        with self._snapshot() as db:
            return views.deleted(db, mailbox)

    def fetch(self, mailbox: int, uids: Sequence[int], *, outline: bool = False) -> list[Fetched]:
        """Entries by their UIDs, ascending, with ENVELOPE and BODYSTRUCTURE if *outline*."""
        with self._snapshot() as db:
            found = views.fetch(db, mailbox, uids, outline=outline)
            found, made = outlines.complete(db, found) if outline else (found, [])
        late = [each for each in made if each[0] <= self._fulltext.indexed]
        if late:  # of an older database: the index has passed them by
            self._submit(partial(outlines.write_late, rows=late))
        return found

    def raw(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """The whole octets of messages, by number."""
        with self._snapshot() as db:
            return views.raw(db, numbers)

    def sent_dates(self, mailbox: int, uids: Sequence[int]) -> dict[int, date | None]:
        """The day in the Date field of each of these, as written there."""
        with self._snapshot() as db:
            return views.sent_dates(db, mailbox, uids)

    def search(self, mailbox: int, query: Query) -> list[int]:
        """The UIDs of entries whose message *query* is true of, ascending; raises `NotFound`."""
        if inside.reads_documents(query):
            self._fulltext.catch_up()
        with self._snapshot() as db:
            return inside.search(db, mailbox, query)

    def expunged_since(self, mailbox: int, modseq: int) -> list[tuple[int, int]] | None:
        """Ranges of UIDs that went after *modseq*; None where the log does not reach back that far."""
        with self._snapshot() as db:
            return folders.expunged_since(db, mailbox, modseq)

    # -- what is put there, changed there and taken away

    def append(self, mailbox: int, new: NewMessage, *, flags: Flag = Flag(0), keywords: Collection[str] = ()) -> Filed:
        """Store a message in one mailbox alone; raises `NotFound`."""
        return self._write(copying.Appending(new, mailbox, flags, keywords), len(new.octets))

    def copy(self, mailbox: int, uids: Sequence[int], target: int) -> list[tuple[int, int]]:
        """Copy entries; gives their UIDs and those of the copies."""
        return self._write(lambda batch: copying.copy(batch, mailbox, uids, target))

    def move(self, mailbox: int, uids: Sequence[int], target: int, by: str = "imap") -> list[tuple[int, int]]:
        """Move entries; gives the UIDs that they had and those that they have."""
        return self._write(lambda batch: copying.move(batch, mailbox, uids, target, by))

    def flag(
        self,
        mailbox: int,
        uids: Sequence[int],
        *,
        add: Flag = Flag(0),
        remove: Flag = Flag(0),
        add_keywords: Collection[str] = (),
        remove_keywords: Collection[str] = (),
        replace: bool = False,
    ) -> int:
        """Change flags and keywords of entries; gives the new mod-sequence (the old one if nothing changed)."""
        change = entries.Change(add, remove, add_keywords, remove_keywords, replace)
        return self._write(lambda batch: entries.flag(batch, mailbox, uids, change))

    def flagging(self, mailbox: int, uids: Sequence[int], add: Flag) -> Future[int]:
        """Add flags to entries, without waiting for it."""
        change = entries.Change(add)
        return self._submit(lambda batch: entries.flag(batch, mailbox, uids, change))

    def remove(self, mailbox: int, uids: Sequence[int], by: str) -> int:
        """Take entries out of a mailbox, for ever; gives the mod-sequence."""
        return self._write(lambda batch: removal.remove(batch, mailbox, uids, by))
