"""Reading summaries: pages of them, and one by its id."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Any

from mailtrap.accounts import CATCHALL, account_name
from mailtrap.errors import Gone, NotFound, ProjectGone
from mailtrap.message.summary import Summary
from mailtrap.search.fold import storable
from mailtrap.search.tree import All, Query
from mailtrap.store import codec, facts, floors
from mailtrap.store.query import SEEN, Compiled
from mailtrap.store.records import Page

COUNTED = 10_000
"""Matches are counted up to here."""

COUNTED_IN_TEXTS = 2_000
"""So far where texts decide: each is read, 3 µs a message, and the first page must be there within 10 ms."""

_COLUMNS = f"""
    m.number, m.id, m.project, m.origin, m.received_at, m.modseq, m.envelope, m.facts, m.session, m.accounts,
    (SELECT json_group_array(name) FROM tag WHERE tag.message = m.number), {SEEN}, m.pinned > 0
"""


def page(
    db: Connection,
    query: Query,
    compiled: Compiled,
    *,
    account: str | None,
    before: int | None,
    since: int | None,
    limit: int,
) -> Page:
    """A page of what *query*, here in its compiled form, finds."""
    project = compiled.parameters["project"]
    parameters = {**compiled.parameters, "floor": _floor(db, project)}
    parameters["after"] = 0 if since is None else _newest_at(db, since)
    this_page = {**parameters, "before": 1 << 62 if before is None else before, "limit": limit + 1}
    found = db.execute(compiled.page(_COLUMNS), this_page).fetchall()
    more = len(found) > limit
    uncounted = False
    if before is None and not more:
        total = len(found)
    elif since is None and query == All():
        total = _total(db, project, account)
    else:
        most = COUNTED_IN_TEXTS if compiled.needs_text else COUNTED
        [counted] = db.execute(compiled.count(), {**parameters, "limit": most + 1}).fetchone()
        total, uncounted = min(counted, most), counted > most
    summaries = [_summary(db, *columns) for columns in found[:limit]]
    return Page(summaries, total, uncounted, summaries[-1].number if more else None, cursor(db))


def summary(db: Connection, project: int, message_id: str, account: str | None) -> Summary:
    """One message; raises `Gone` or `NotFound`."""
    viewer = CATCHALL if account is None else account_name(storable(account))
    named = {"project": project, "id": message_id, "viewer": viewer, "floor": _floor(db, project)}
    found = db.execute(
        f"SELECT {_COLUMNS}, m.number > :floor OR m.pinned FROM message m WHERE id = :id AND project = :project", named
    ).fetchone()
    if found is None:
        gone = db.execute("SELECT at, why FROM gone WHERE id = :id AND project = :project", named).fetchone()
        if gone is None:
            raise NotFound(f"there is no message {message_id}")
        raise Gone(message_id, codec.time(gone[0]), gone[1])
    *columns, visible = found
    if not visible:
        [at] = db.execute("SELECT floored_at FROM project WHERE id = ?", (project,)).fetchone()
        raise Gone(message_id, codec.time(at), "deleted")
    there = _summary(db, *columns)
    if account is not None and viewer not in there.accounts:
        raise NotFound(f"message {message_id} was not filed for {account}")
    return there


def cursor(db: Connection) -> int:
    """The mod-sequence of the last commit."""
    [modseq] = db.execute("SELECT value FROM counter WHERE name = 'modseq'").fetchone()
    return int(modseq)


def after(db: Connection, number: int, up_to: int, limit: int) -> list[Summary]:
    """Messages of any project behind *number*, oldest first; whether they were seen is not looked up."""
    found = db.execute(
        f"""
        SELECT {_COLUMNS} FROM message m JOIN project ON project.id = m.project
        WHERE m.number > :after AND m.number <= :up_to AND (m.number > project.floor OR m.pinned)
        ORDER BY m.number LIMIT :limit
        """,
        {"after": number, "up_to": up_to, "limit": limit, "viewer": "", "project": 0},
    )
    return [_summary(db, *columns) for columns in found.fetchall()]


def _summary(
    db: Connection,
    number: int,
    message_id: str,
    project: int,
    origin: Any,
    received_at: int,
    modseq: int,
    envelope: str | None,
    written: str,
    session: str | None,
    accounts: str,
    tags: str,
    seen: int,
    pinned: int,
) -> Summary:
    return Summary(
        number=number,
        id=message_id,
        project=project,
        origin=origin,
        received_at=codec.time(received_at),
        modseq=modseq,
        envelope=None if envelope is None else codec.envelope_of(envelope),
        facts=facts.of(db, number, written),
        session=session,
        accounts=tuple(codec.decode(accounts)),
        tags=tuple(sorted(codec.decode(tags))),
        seen=bool(seen),
        pinned=bool(pinned),
    )


def _floor(db: Connection, project: object) -> int:
    found = db.execute("SELECT floor, deleted_at FROM project WHERE id = ?", (project,)).fetchone()
    if found is None:
        raise NotFound(f"there is no project {project}")
    if found[1] is not None:
        raise ProjectGone
    return int(found[0])


def _total(db: Connection, project: object, account: str | None) -> int:
    """How many messages a project or an account has, from the counters."""
    if account is None:
        found = db.execute("SELECT messages - appended FROM project WHERE id = ?", (project,)).fetchone()
    else:
        found = db.execute(
            f"""
            SELECT {floors.MESSAGES_OF_ACCOUNT} FROM account JOIN project ON project.id = account.project
            WHERE project.id = ? AND account.name = ?
            """,
            (project, account_name(storable(account))),
        ).fetchone()
    return int(found[0]) if found else 0


def _newest_at(db: Connection, modseq: int) -> int:
    """The row number of the newest message that was stored at *modseq* or before.

    Row numbers and mod-sequences ascend together, so that a few rows tell.
    """
    low, newest = 0, _at_or_below(db, 1 << 62)
    high = newest[0]
    if newest[1] <= modseq:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        number, stored_at = _at_or_below(db, middle)
        low, high = (middle, high) if stored_at <= modseq else (low, number - 1)
    return low


def _at_or_below(db: Connection, number: int) -> tuple[int, int]:
    found = db.execute(
        "SELECT number, modseq FROM message WHERE number <= ? ORDER BY number DESC LIMIT 1", (number,)
    ).fetchone()
    return found or (0, 0)
