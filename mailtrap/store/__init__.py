"""Where everything is kept: the one interface that every protocol, the REST API and the fixture use.

All of it is synchronous and thread-safe. Reading borrows a connection for the call and leaves nothing open.
Writing goes through one writer that commits whatever is queued in one transaction; a call that writes
returns after its commit, and everybody has heard of it on the `Bus` by then. `add` and `refuse` alone
give a future, so that a protocol in the event loop can go on while the commit is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from datetime import date
from typing import Literal, Protocol

from mailtrap.bus import Bus, Filed
from mailtrap.configured import Configured
from mailtrap.message.summary import Summary
from mailtrap.search.tree import Query
from mailtrap.store.disk import Disk
from mailtrap.store.records import (
    Account,
    Entry,
    Fetched,
    Filing,
    Flag,
    Mailbox,
    NewMessage,
    NewRefusal,
    Page,
    Project,
    Refusal,
    Session,
    View,
)
from mailtrap.store.retention import Limits
from mailtrap.transcript import Transcript

DEFAULT_PROJECT = "default"


class Store(Protocol):
    """Messages, the accounts they are filed for, and what happened to them."""

    bus: Bus

    settle: Callable[[Callable[[], None]], object]
    """How a batch's events are published and its futures resolved: given a function, calls it in the right
    thread. The sandbox sets its loop's ``call_soon_threadsafe``: one wake-up per batch. By default at once."""

    def close(self) -> None:
        """Write what is queued, stop, and remove the directory of a temporary store."""

    def disk(self) -> Disk:
        """The disk that everything is on."""

    # -- projects

    def project(self, name: str) -> Project:
        """The project called *name*; made, if there is none."""

    def find_project(self, name: str) -> Project | None:
        """The project called *name*, if there is one."""

    def new_project(self) -> Project:
        """A fresh world with a name of its own: one row, whatever else is stored."""

    def projects(self) -> list[Project]:
        """All projects, by name."""

    def delete_project(self, project: int) -> None:
        """Delete a project with all that is in it, pinned messages too; its name is free again. Raises `NotFound`.

        From then on nothing is put there, and whoever asks for that or for its messages gets `ProjectGone`.
        """

    def limits(self, project: int) -> Limits:
        """What is kept in a project: its own limits, or those of all."""

    def limit(self, project: int, limits: Limits | None) -> None:
        """Give a project limits of its own; with None, those of all. What is too much goes in the background.

        Every message counts that is there and not pinned, appended ones too; the oldest go, as expired. Age is the
        time since a message was stored, by a clock of the store's own.
        """

    def advance(self, seconds: float) -> None:
        """Move the store's clock ahead, and wait until what is too old by then is gone."""

    # -- what is configured

    def configured(self) -> list[tuple[int, Configured]]:
        """Every account that is configured, and its project."""

    def configure(self, project: int, account: Configured) -> None:
        """Keep how an account is configured, by its folded name; raises `NotFound` if there is no such project."""

    def unconfigure(self, project: int, name: str) -> None:
        """An account, by its folded name, is not configured any more."""

    def passwords(self) -> dict[int, str]:
        """The passwords of the projects that have one."""

    def set_password(self, project: int, password: str | None) -> None:
        """Give a project a password, or none; raises `NotFound`."""

    # -- messages in

    def add(self, new: NewMessage) -> Future[Summary]:
        """Store a message and file it; done when committed. An id already present raises `AlreadyExists`."""

    def refuse(self, refusal: NewRefusal) -> Future[None]:
        """Record a transaction that ended without a message."""

    # -- messages out

    def messages(
        self,
        project: int,
        query: Query | None = None,
        *,
        account: str | None = None,
        before: int | None = None,
        since: int | None = None,
        limit: int = 50,
    ) -> Page:
        """A page of summaries, newest first.

        *account*: only what was filed for it, with its own read state. *before*: continue below this row number.
        *since*: only what was stored after this mod-sequence. Never behind: what has been committed is found.
        """

    def summary(self, project: int, message_id: str, *, account: str | None = None) -> Summary:
        """One message by its id; raises `Gone` if it was deleted, `NotFound` if it was never here."""

    def octets(self, number: int, start: int = 0, stop: int | None = None) -> bytes:
        """The octets of a message, whole or a slice of them; raises `NotFound`."""

    def slices(self, number: int) -> Iterator[bytes]:
        """The octets of a message in pieces of at most 256 KiB; no statement stays open between two."""

    def filings(self, number: int) -> list[Filing]:
        """Where a message was filed, and what became of that."""

    def refusals(self, project: int, *, since: int = 0, limit: int = 200) -> list[Refusal]:
        """Transactions that ended without a message, oldest first, after row number *since*."""

    def last_refusals(self, sessions: Collection[str]) -> dict[str, Refusal]:
        """The last refusal of each of these sessions that had one, by session; without what had come of its data."""

    def cursor(self) -> int:
        """The mod-sequence of the last commit."""

    # -- what can be changed

    def update(
        self,
        project: int,
        ids: Collection[str],
        *,
        seen: bool | None = None,
        pinned: bool | None = None,
        add_tags: Collection[str] = (),
        remove_tags: Collection[str] = (),
        account: str | None = None,
    ) -> int:
        """Change the state of messages; gives how many there were. *seen* is set in *account*'s entries, or
        the catch-all's."""

    def delete(self, project: int, ids: Collection[str], why: Literal["deleted", "expired"] = "deleted") -> int:
        """Delete messages everywhere, keeping a record of it; gives how many there were."""

    def delete_all(self, project: int) -> int:
        """Put the floor above everything in the project but pinned messages; gives how many there were."""

    # -- accounts and mailboxes

    def accounts(self, project: int, *, contains: str = "", after: str = "", limit: int = 200) -> list[Account]:
        """Accounts in the order of their names, after the name *after*."""

    def account(self, project: int, name: str) -> Account:
        """One account by its folded name; raises `NotFound`."""

    def mailboxes(self, project: int, account: str) -> list[Mailbox]:
        """The mailboxes of an account that have been made, by name, INBOX first; none, if nobody has heard of it."""

    def mailbox(self, project: int, account: str, name: str = "INBOX") -> Mailbox:
        """A mailbox of an account; raises `NotFound`. Names are compared as they are, ``/`` is between levels."""

    def open_mailbox(self, project: int, account: str, name: str) -> Mailbox:
        """A mailbox of an account; made, with the account, if there is none."""

    def make_mailbox(self, project: int, account: str, name: str) -> Mailbox:
        """A new mailbox, made with its account if there is none; raises `AlreadyExists`."""

    def delete_mailbox(self, project: int, account: str, name: str) -> None:
        """Take everything out of a mailbox and free its name; raises `NotFound`. Those below it stay.

        Whoever has it selected sees an empty mailbox from then on, that nothing can be put into.
        """

    def rename_mailbox(self, project: int, account: str, old: str, new: str) -> None:
        """Rename a mailbox and those below it; raises `NotFound` and `AlreadyExists`.

        INBOX stays, with its UIDVALIDITY: its messages move to the new mailbox (RFC 9051 §6.3.6).
        """

    def mailbox_names(self, mailbox: int) -> tuple[str, str]:
        """The name of a mailbox's account and its own, as it is or was when it was deleted; raises `NotFound`."""

    def subscriptions(self, project: int, account: str) -> dict[str, bool]:
        """What an account has subscribed to (True) or unsubscribed from (False), by name."""

    def subscribe(self, project: int, account: str, name: str, subscribed: bool) -> None:
        """Subscribe an account to a name, or unsubscribe it; there need not be such a mailbox."""

    # -- what is in a mailbox

    def entries(self, mailbox: int, *, after: int = 0, limit: int = 200) -> list[Entry]:
        """Entries in the order of their UIDs, after UID *after*."""

    def view(self, mailbox: int) -> View:
        """A mailbox at this moment; raises `NotFound`. A deleted one is empty."""

    def keywords(self, mailbox: int) -> tuple[str, ...]:
        """The keywords in use in a mailbox, in any letter case once; raises `NotFound`."""

    def deleted(self, mailbox: int) -> list[int]:
        """The UIDs of the entries with the flag ``\\Deleted``, ascending; raises `NotFound`."""

    def fetch(self, mailbox: int, uids: Sequence[int], *, outline: bool = False) -> list[Fetched]:
        """Entries by their UIDs, ascending, each once, with ENVELOPE and BODYSTRUCTURE if *outline*.

        Removed ones are given as long as their message is there (RFC 2180 §4.1.1), others left out. Ask for a
        page at a time, of 200 say; what lies close together is read fastest.
        """

    def raw(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """The whole octets of messages, by number; what is not there is left out. Ask for as many as fit in memory."""

    def sent_dates(self, mailbox: int, uids: Sequence[int]) -> dict[int, date | None]:
        """The day in the Date field of each of these, as written there: time and zone don't count; None without."""

    def search(self, mailbox: int, query: Query) -> list[int]:
        """The UIDs of entries whose message *query* is true of, ascending; raises `NotFound`.

        Whatever its origin. Read state is that of the account. Never behind: what has been committed is found.
        """

    def expunged_since(self, mailbox: int, modseq: int) -> list[tuple[int, int]] | None:
        """Ranges of UIDs that went after *modseq*; None where the log does not reach back that far: ask
        `entries` (RFC 7162 §3.2.6)."""

    # -- what is put there, changed there and taken away

    def append(self, mailbox: int, new: NewMessage, *, flags: Flag = Flag(0), keywords: Collection[str] = ()) -> Filed:
        """Store a message in one mailbox alone; raises `NotFound`.

        Its origin is ``append``, its account and project are the mailbox's; *received_at* is its internal date.
        """

    def copy(self, mailbox: int, uids: Sequence[int], target: int) -> list[tuple[int, int]]:
        """Copy entries, with flags, keywords and dates; gives their UIDs and those of the copies, ascending.

        Raises `NotFound` if there is no such mailbox in the project. For another account the copy is a message of
        its own, an appended one: what was captured for whom does not change.
        """

    def move(self, mailbox: int, uids: Sequence[int], target: int, by: str = "imap") -> list[tuple[int, int]]:
        """The same, and take the entries out where they were, in one transaction."""

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
        """Change flags and keywords of entries; gives the new mod-sequence (the old one if nothing changed).

        With *replace* they become exactly those that are added.
        """

    def flagging(self, mailbox: int, uids: Sequence[int], add: Flag) -> Future[int]:
        """Add flags to entries, without waiting for it."""

    def remove(self, mailbox: int, uids: Sequence[int], by: str) -> int:
        """Take entries out of a mailbox, for ever; *by* is the protocol that asked. Gives the mod-sequence."""

    # -- what is put off

    def remember(self, what: str) -> Future[int]:
        """Keep, over a restart, what is to be done later; gives its number when that is committed."""

    def remembered(self) -> dict[int, str]:
        """All that is still to be done, by number, in the order in which it was kept."""

    def forget(self, number: int) -> Future[None]:
        """It is done."""

    def release(self, number: int, project: int, message_id: str, accounts: Sequence[str]) -> Future[None]:
        """File a message for more accounts, if it is there still; *number* is done with that."""

    # -- sessions

    def open_session(self, transcript: Transcript) -> None:
        """A conversation begins: it can be read while it goes on."""

    def close_session(self, transcript: Transcript) -> None:
        """A conversation ended: keep its transcript (written behind, like everything else)."""

    def sessions(self, *, before: str | None = None, limit: int = 50) -> list[Session]:
        """Sessions, newest first, older than the session *before*; the open ones among them."""

    def transcript(self, session: str) -> Transcript:
        """The transcript of a session, as far as it goes; raises `NotFound`."""
