"""Reading accounts, mailboxes and entries."""

from __future__ import annotations

from dataclasses import replace
from sqlite3 import Connection
from typing import Any

from mailtrap.accounts import account_name
from mailtrap.errors import NotFound
from mailtrap.search.fold import storable
from mailtrap.store import codec, expunged, floors, octets
from mailtrap.store.records import Account, Entry, Filing, Flag, Mailbox

_ACCOUNTS = f"""
    SELECT account.id, account.name,
        {floors.MESSAGES_OF_ACCOUNT} AS messages, {floors.UNSEEN_OF_ACCOUNT} AS unseen, account.last_arrival
    FROM account JOIN project ON project.id = account.project WHERE project.id = :project
"""
_MAILBOXES = f"""
    SELECT mailbox.id, mailbox.account, mailbox.name, uidvalidity, uidnext, highest_modseq,
        mailbox.messages, mailbox.unseen, size, (
            SELECT count(*) FROM entry INDEXED BY entry_deleted
            WHERE entry.mailbox = mailbox.id AND entry.flags & 8 AND entry.removed_at IS NULL AND (
                entry.message > floor OR EXISTS (SELECT 1 FROM message WHERE number = entry.message AND pinned)
            )
        ) AS deleted, {floors.STALE_MAILBOX} AS stale, floor_modseq
    FROM mailbox JOIN account ON account.id = mailbox.account JOIN project ON project.id = account.project
    WHERE account.project = :project AND account.name = :account AND mailbox.deleted_at IS NULL
"""


def accounts(db: Connection, project: int, *, contains: str, after: str, limit: int) -> list[Account]:
    """Accounts that have messages, in the order of their names."""
    found = db.execute(
        f"""
        SELECT * FROM ({_ACCOUNTS}) WHERE name > :after AND instr(name, :contains) AND messages
        ORDER BY name LIMIT :limit
        """,
        {"project": project, "contains": storable(contains.lower()), "after": storable(after), "limit": limit},
    )
    return [_account(*columns) for columns in found.fetchall()]


def account(db: Connection, project: int, name: str) -> Account:
    """One account; raises `NotFound`. An empty one is as good as none."""
    found = db.execute(
        f"SELECT * FROM ({_ACCOUNTS}) WHERE name = :name AND messages",
        {"project": project, "name": account_name(storable(name))},
    ).fetchone()
    if found is None:
        raise NotFound(f"there is no account {name}")
    return _account(*found)


def mailboxes(db: Connection, project: int, account: str) -> list[Mailbox]:
    """The mailboxes of an account by name, INBOX first; none, if nobody has heard of it."""
    found = db.execute(f"{_MAILBOXES} ORDER BY mailbox.name <> 'INBOX', mailbox.name", _of(project, account))
    return [_mailbox(db, *columns) for columns in found.fetchall()]


def mailbox(db: Connection, project: int, account: str, name: str) -> Mailbox:
    """A mailbox; raises `NotFound`."""
    there = find_mailbox(db, project, account, name)
    if there is None:
        raise NotFound(f"{account} has no mailbox {name}")
    return there


def find_mailbox(db: Connection, project: int, account: str, name: str) -> Mailbox | None:
    """A mailbox, if it is there."""
    found = db.execute(
        f"{_MAILBOXES} AND mailbox.name = :name", {**_of(project, account), "name": storable(name)}
    ).fetchone()
    return _mailbox(db, *found) if found else None


def subscriptions(db: Connection, project: int, account: str) -> dict[str, bool]:
    """What an account has subscribed to and unsubscribed from, by name."""
    found = db.execute(
        """
        SELECT subscription.name, subscribed FROM subscription JOIN account ON account.id = subscription.account
        WHERE account.project = :project AND account.name = :account ORDER BY subscription.name
        """,
        _of(project, account),
    )
    return {name: bool(subscribed) for name, subscribed in found.fetchall()}


def entries(db: Connection, mailbox: int, *, after: int, limit: int) -> list[Entry]:
    """Entries in the order of their UIDs; raises `NotFound` if there is no such mailbox."""
    project, floor, *_ = _floor(db, mailbox)
    found = db.execute(
        """
        SELECT entry.mailbox, entry.uid, entry.message, entry.modseq, entry.flags, entry.keywords,
            message.received_at, message.size
        FROM entry CROSS JOIN message ON message.number = entry.message
        WHERE entry.mailbox = :mailbox AND entry.uid > :after AND entry.removed_at IS NULL
            AND (entry.message > :floor OR entry.message IN (
                SELECT number FROM message WHERE project = :project AND pinned
            ))
        ORDER BY entry.uid LIMIT :limit
        """,
        {"mailbox": mailbox, "after": after, "limit": limit, "project": project, "floor": floor},
    )
    return [
        Entry(its_mailbox, uid, number, modseq, Flag(flags), tuple(keywords.split()), codec.time(at), size)
        for its_mailbox, uid, number, modseq, flags, keywords, at, size in found.fetchall()
    ]


def expunged_since(db: Connection, mailbox: int, modseq: int) -> list[expunged.Range] | None:
    """Ranges of UIDs that went after *modseq*; None where that is not known any more."""
    _, _, floor_modseq, stale, uidnext, messages, expunged_from = _floor(db, mailbox)
    if modseq < expunged_from:
        return None
    found = expunged.since(db, mailbox, modseq)
    if stale and messages and modseq < floor_modseq:  # everything below the floor went with it
        spared = [uid for uid, _, _ in floors.spared_entries(db, mailbox)]
        return expunged.without([(1, uidnext - 1)], spared)
    return found


def filings(db: Connection, number: int) -> list[Filing]:
    """Where a message was filed; raises `NotFound` if it is not there."""
    octets.size(db, number)
    found = db.execute(
        """
        SELECT account.name, mailbox.name, entry.uid, entry.flags, entry.removed_at, entry.removed_by
        FROM entry JOIN mailbox ON mailbox.id = entry.mailbox JOIN account ON account.id = mailbox.account
        WHERE entry.message = ? ORDER BY mailbox.id, entry.uid
        """,
        (number,),
    )
    return [
        Filing(its_account, its_mailbox, uid, Flag(flags), None if at is None else codec.time(at), by or "")
        for its_account, its_mailbox, uid, flags, at, by in found.fetchall()
    ]


def _account(number: int, name: str, messages: int, unseen: int, last_arrival: int | None) -> Account:
    return Account(number, name, messages, unseen, None if last_arrival is None else codec.time(last_arrival))


def _of(project: int, account: str) -> dict[str, int | str]:
    return {"project": project, "account": account_name(storable(account))}


def _mailbox(db: Connection, *columns: Any) -> Mailbox:
    *known, stale, floor_modseq = columns
    there = Mailbox(*known)
    return _as_spared(db, there, floor_modseq) if stale and there.messages else there


def _as_spared(db: Connection, there: Mailbox, floor_modseq: int) -> Mailbox:
    spared = floors.spared_entries(db, there.id)
    return replace(
        there,
        highest_modseq=floor_modseq,
        messages=len(spared),
        unseen=sum(not seen for _, seen, _ in spared),
        size=sum(size for _, _, size in spared),
    )


def _floor(db: Connection, mailbox: int) -> tuple[int, int, int, bool, int, int, int]:
    found: tuple[int, int, int, bool, int, int, int] | None = db.execute(
        f"""
        SELECT project.id, floor, floor_modseq, {floors.STALE_MAILBOX}, uidnext, mailbox.messages, expunged_from
        FROM mailbox JOIN account ON account.id = mailbox.account JOIN project ON project.id = account.project
        WHERE mailbox.id = ?
        """,
        (mailbox,),
    ).fetchone()
    if found is None:
        raise NotFound(f"there is no mailbox {mailbox}")
    return found
