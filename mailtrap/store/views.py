"""Reading what is in a mailbox, as IMAP and POP3 show it: by UID, many at a time, and as plain as it is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from sqlite3 import Connection

from mailtrap.errors import NotFound
from mailtrap.store import codec, facts, floors
from mailtrap.store.records import Fetched, View

_THERE = """
    mailbox = :mailbox AND removed_at IS NULL AND (message > :floor OR message IN (
        SELECT number FROM message WHERE project = :project AND pinned
    ))
"""


def view(db: Connection, mailbox: int) -> View:
    """A mailbox at this moment; raises `NotFound`. A deleted one is empty."""
    uidvalidity, uidnext, highest_modseq, messages, stale, floor_modseq, of = _mailbox(db, mailbox)
    if stale and messages:
        highest_modseq = floor_modseq
    uids = [uid for [uid] in db.execute(f"SELECT uid FROM entry WHERE {_THERE} ORDER BY uid", of).fetchall()]
    unseen = db.execute(f"SELECT uid FROM entry WHERE {_THERE} AND NOT flags & 1 ORDER BY uid LIMIT 1", of).fetchone()
    [modseq] = db.execute("SELECT value FROM counter WHERE name = 'modseq'").fetchone()
    first = unseen[0] if unseen else None
    return View(modseq, uidvalidity, uidnext, highest_modseq, uids, first, _keywords(db, of))


def keywords(db: Connection, mailbox: int) -> tuple[str, ...]:
    """The keywords that are in use in a mailbox; raises `NotFound`."""
    return _keywords(db, _mailbox(db, mailbox)[-1])


def deleted(db: Connection, mailbox: int) -> list[int]:
    """The UIDs of the entries that have the flag ``\\\\Deleted``; raises `NotFound`."""
    of = _mailbox(db, mailbox)[-1]
    found = db.execute(f"SELECT uid FROM entry INDEXED BY entry_deleted WHERE {_THERE} AND flags & 8", of)
    return sorted([uid for [uid] in found.fetchall()])


def fetch(db: Connection, mailbox: int, uids: Sequence[int], *, outline: bool) -> list[Fetched]:
    """Entries in the order of their UIDs, removed or not, as long as their message is there (RFC 2180 §4.1.1)."""
    columns, source = (_OUTLINE, _OUTLINES) if outline else ("NULL, NULL", "")
    which, of = _these(uids)
    found = db.execute(
        f"""
        SELECT entry.uid, entry.message, entry.modseq, entry.flags, entry.keywords,
            message.received_at, message.size, {columns}
        FROM entry CROSS JOIN message ON message.number = entry.message {source}
        WHERE entry.mailbox = :mailbox AND entry.uid {which} ORDER BY entry.uid
        """,
        {"mailbox": mailbox, **of},
    )
    return list(map(Fetched._make, found.fetchall()))


def raw(db: Connection, numbers: Iterable[int]) -> dict[int, bytes]:
    """The octets of messages, by number; what is not there is left out."""
    found = db.execute(
        """
        SELECT number, octets, packed FROM json_each(:numbers) AS asked CROSS JOIN message ON number = asked.value
        LEFT JOIN raw ON raw.key BETWEEN number << 20 AND number << 20 | 1048575 ORDER BY raw.key
        """,
        {"numbers": codec.encode(sorted(set(numbers)))},
    )
    slices: dict[int, list[bytes]] = defaultdict(list)
    for number, octets, packed in found.fetchall():
        slices[number].append(codec.unpacked(octets or b"", packed))
    return {number: pieces[0] if len(pieces) == 1 else b"".join(pieces) for number, pieces in slices.items()}


def sent_dates(db: Connection, mailbox: int, uids: Sequence[int]) -> dict[int, date | None]:
    """The days that the messages say they were sent on, as written: time and zone don't count (RFC 9051 §6.4.4)."""
    which, of = _these(uids)
    found = db.execute(
        f"""
        SELECT entry.uid, message.number, facts = :late,
            CASE WHEN facts <> :late THEN substr(json_extract(facts, '$.date'), 1, 10) END
        FROM entry CROSS JOIN message ON message.number = entry.message
        WHERE entry.mailbox = :mailbox AND entry.uid {which}
        """,
        {"mailbox": mailbox, "late": facts.LATE, **of},
    )
    return {
        uid: _sent(db, number) if is_late else date.fromisoformat(day) if day else None
        for uid, number, is_late, day in found.fetchall()
    }


def names(db: Connection, mailbox: int) -> tuple[str, str]:
    """The account's and the name of a mailbox, deleted or not; raises `NotFound`."""
    found: tuple[str, str] | None = db.execute(
        "SELECT account.name, mailbox.name FROM mailbox JOIN account ON account.id = account WHERE mailbox.id = ?",
        (mailbox,),
    ).fetchone()
    if found is None:
        raise NotFound(f"there is no mailbox {mailbox}")
    return found


def _sent(db: Connection, number: int) -> date | None:
    sent = facts.of(db, number, facts.LATE).date
    return sent and sent.date()


def _keywords(db: Connection, of: dict[str, int]) -> tuple[str, ...]:
    found = db.execute(f"SELECT DISTINCT keywords FROM entry WHERE {_THERE} AND keywords <> ''", of).fetchall()
    by_name: dict[str, str] = {}
    for keyword in sorted({keyword for [text] in found for keyword in text.split()}):
        by_name.setdefault(keyword.lower(), keyword)
    return tuple(by_name.values())


def _mailbox(db: Connection, mailbox: int) -> tuple[int, int, int, int, bool, int, dict[str, int]]:
    found = db.execute(
        f"""
        SELECT uidvalidity, uidnext, highest_modseq, mailbox.messages, {floors.STALE_MAILBOX}, floor_modseq,
            project.id, floor
        FROM mailbox JOIN account ON account.id = mailbox.account JOIN project ON project.id = account.project
        WHERE mailbox.id = ?
        """,
        (mailbox,),
    ).fetchone()
    if found is None:
        raise NotFound(f"there is no mailbox {mailbox}")
    *columns, project, floor = found
    return (*columns, {"mailbox": mailbox, "project": project, "floor": floor})


def _these(uids: Sequence[int]) -> tuple[str, dict[str, int | str]]:
    """A condition for ``uid``: UIDs that follow one another are one range."""
    first, last = (min(uids), max(uids)) if uids else (1, 0)
    if last - first < len(uids) == len(set(uids)):
        return "BETWEEN :first AND :last", {"first": first, "last": last}
    return "IN (SELECT value FROM json_each(:uids))", {"uids": codec.encode(list(uids))}


_OUTLINE = "outline.envelope, outline.bodystructure"
_OUTLINES = "LEFT JOIN outline ON outline.message = entry.message"
