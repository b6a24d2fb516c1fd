"""Mailboxes made, deleted, renamed and subscribed to. The names are an account's own; ``/`` is between levels."""

from __future__ import annotations

from mailtrap.accounts import account_name
from mailtrap.errors import AlreadyExists, NotFound
from mailtrap.search.fold import storable
from mailtrap.store import copying, removal
from mailtrap.store.batch import Batch
from mailtrap.store.books import INBOX
from mailtrap.store.rows import AccountRow, MailboxRow

SEPARATOR = "/"

BY = "imap"
"""Who takes entries out when their mailbox is deleted or renamed: only IMAP has commands for that."""


def open_mailbox(batch: Batch, project: int, account: str, name: str) -> None:
    """A job: a mailbox, made with its account if there is none."""
    owner, name = _owner(batch, project, account), storable(name)
    if batch.books.named(owner, name) is None:
        batch.books.make_mailbox(owner, name)


def make(batch: Batch, project: int, account: str, name: str) -> None:
    """A job: a new mailbox; raises `AlreadyExists`."""
    owner, name = _owner(batch, project, account), storable(name)
    _require_free(batch, owner, name)
    batch.books.make_mailbox(owner, name)


def delete(batch: Batch, project: int, account: str, name: str) -> None:
    """A job: delete a mailbox; raises `NotFound`. Those below it stay (RFC 9051 §6.3.5)."""
    owner = _owner(batch, project, account)
    row = _existing(batch, owner, storable(name))
    removal.remove_all(batch, row, BY)
    row.deleted_at = batch.at
    batch.db.execute("UPDATE mailbox SET deleted_at = ? WHERE id = ?", (batch.at, row.id))
    if owner.inbox is row:
        owner.inbox = None


def rename(batch: Batch, project: int, account: str, old: str, new: str) -> None:
    """A job: rename a mailbox and those below it; raises `NotFound` or `AlreadyExists`.

    INBOX is not renamed: its messages move, with new UIDs, to a new mailbox (RFC 9051 §6.3.6). So a session that
    has INBOX selected sees them go, and mail that comes later arrives where it looks.
    """
    owner, old, new = _owner(batch, project, account), storable(old), storable(new)
    if old == INBOX:
        inbox = batch.books.inbox(owner)
        _require_free(batch, owner, new)
        copying.move_all(batch, inbox, batch.books.make_mailbox(owner, new), BY)
        return
    _existing(batch, owner, old)
    _require_free(batch, owner, new)
    names = _names(batch, owner)
    moved = {name: new + name[len(old) :] for name in names if name == old or name.startswith(old + SEPARATOR)}
    if taken := set(moved.values()) & (set(names) - set(moved)):
        raise AlreadyExists(f"there is a mailbox {min(taken)}")
    # In this order none is in the way of another: of "a/b" and "a", say, when they become "a/b/b" and "a/b".
    for name in sorted(moved, key=len, reverse=len(new) > len(old)):
        row = batch.books.mailbox(names[name])
        row.name = moved[name]
        batch.db.execute("UPDATE mailbox SET name = ? WHERE id = ?", (row.name, row.id))


def subscribe(batch: Batch, project: int, account: str, name: str, subscribed: bool) -> None:
    """A job: note that a name is, or is not, subscribed to; there need not be such a mailbox (RFC 9051 §6.3.7)."""
    owner = _owner(batch, project, account)
    batch.db.execute(
        "INSERT OR REPLACE INTO subscription VALUES (?, ?, ?)", (owner.id, storable(name), int(subscribed))
    )


def _owner(batch: Batch, project: int, account: str) -> AccountRow:
    return batch.books.account(batch.books.project(project), account_name(storable(account)))


def _existing(batch: Batch, owner: AccountRow, name: str) -> MailboxRow:
    row = batch.books.named(owner, name)
    if row is None:
        raise NotFound(f"{owner.name} has no mailbox {name}")
    return row


def _require_free(batch: Batch, owner: AccountRow, name: str) -> None:
    if batch.books.named(owner, name) is not None:
        raise AlreadyExists(f"{owner.name} has a mailbox {name}")


def _names(batch: Batch, owner: AccountRow) -> dict[str, int]:
    """The account's mailboxes."""
    found = batch.db.execute("SELECT name, id FROM mailbox WHERE account = ? AND deleted_at IS NULL", (owner.id,))
    return dict(found.fetchall())
