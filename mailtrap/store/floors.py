"""What a floor spared: with everything else below it gone, that is all there is to count.

Expressions in SQL, about the ``account`` or ``mailbox`` and the ``project`` of the statement they are in.
"""

from __future__ import annotations

from sqlite3 import Connection

STALE_ACCOUNT = "account.counted_at < project.floor_modseq"
"""The floor has risen since the account was counted."""

STALE_MAILBOX = "mailbox.counted_at < project.floor_modseq"

_OF_ACCOUNT = """
    FROM message JOIN filed ON filed.account = account.id AND filed.message = message.number
    WHERE message.project = project.id AND message.pinned AND message.number <= project.floor
"""
_UNSEEN = """
    NOT EXISTS (
        SELECT 1 FROM entry JOIN mailbox AS any_mailbox ON any_mailbox.id = entry.mailbox
        WHERE entry.message = message.number AND entry.flags & 1 AND any_mailbox.account = account.id
    )
"""
MESSAGES_OF_ACCOUNT = f"iif({STALE_ACCOUNT}, (SELECT count(*) {_OF_ACCOUNT}), account.messages)"
UNSEEN_OF_ACCOUNT = f"iif({STALE_ACCOUNT}, (SELECT count(*) {_OF_ACCOUNT} AND {_UNSEEN}), account.unseen)"

_SPARED_ENTRIES = """
    SELECT entry.uid, entry.flags & 1, message.size
    FROM mailbox JOIN account ON account.id = mailbox.account JOIN project ON project.id = account.project
    JOIN message ON message.project = project.id AND message.pinned AND message.number <= project.floor
    JOIN entry ON entry.message = message.number AND entry.mailbox = mailbox.id
    WHERE mailbox.id = ? AND entry.removed_at IS NULL
"""


def counters(db: Connection, account: int) -> tuple[int, int]:
    """How many messages an account has, and how many of them are unseen."""
    messages, unseen = db.execute(
        f"""
        SELECT {MESSAGES_OF_ACCOUNT}, {UNSEEN_OF_ACCOUNT}
        FROM account JOIN project ON project.id = account.project WHERE account.id = ?
        """,
        (account,),
    ).fetchone()
    return messages, unseen


def spared_entries(db: Connection, mailbox: int) -> list[tuple[int, bool, int]]:
    """UID, seen and size of the entries in a mailbox that the floor spared."""
    return db.execute(_SPARED_ENTRIES, (mailbox,)).fetchall()
