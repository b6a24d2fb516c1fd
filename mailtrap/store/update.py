"""Changes of messages: whether they were seen, pin, tags."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from mailtrap.accounts import CATCHALL, account_name
from mailtrap.bus import Changed
from mailtrap.search.fold import storable
from mailtrap.store import codec
from mailtrap.store.batch import Batch
from mailtrap.store.entries import EntryRow, mark
from mailtrap.store.records import Flag
from mailtrap.store.rows import ProjectRow


def update(
    batch: Batch,
    project: int,
    ids: Collection[str],
    seen: bool | None,
    pinned: bool | None,
    add_tags: Collection[str],
    remove_tags: Collection[str],
    account: str | None,
) -> int:
    """A job: change the state of messages; gives how many there were."""
    row = batch.books.project(project)
    found = _find(batch, row, ids)
    numbers = codec.encode(list(found))
    changed = set[int]()
    if pinned is not None:
        changed |= _pin(batch, row, numbers, pinned)
    if add_tags or remove_tags:
        changed |= _tag(batch, found, set(map(storable, add_tags)), set(map(storable, remove_tags)))
    if seen is not None:
        viewer = CATCHALL if account is None else account_name(storable(account))
        pairs = _see(batch, row, numbers, viewer, seen)
        changed |= {entry.message for entry, _ in pairs}
        changed -= mark(batch, pairs, found)
    if changed:
        told = sorted(changed)
        modseq = batch.books.next_modseq()
        batch.events.append(Changed(project, modseq, numbers=tuple(told), ids=tuple(found[number] for number in told)))
    return len(found)


def _find(batch: Batch, project: ProjectRow, ids: Collection[str]) -> dict[int, str]:
    found = batch.db.execute(
        """
        SELECT number, id FROM message WHERE id IN (SELECT value FROM json_each(:ids))
        AND project = :project AND (number > :floor OR pinned)
        """,
        {"ids": codec.encode(list(ids)), "project": project.id, "floor": project.floor},
    )
    return dict(found.fetchall())


def _pin(batch: Batch, project: ProjectRow, numbers: str, pinned: bool) -> set[int]:
    found = batch.db.execute(
        """
        UPDATE message SET pinned = CASE
            WHEN :pinned THEN 1
            WHEN number <= :floor THEN -1 -- it was spared by a floor, and nobody has deleted it since
            ELSE 0 END
        WHERE number IN (SELECT value FROM json_each(:numbers)) AND (pinned > 0) <> :pinned RETURNING number, size
        """,
        {"numbers": numbers, "pinned": pinned, "floor": project.floor},
    )
    sizes = dict(found.fetchall())
    sign = 1 if pinned else -1
    project.lose(sign * len(sizes), sign * sum(sizes.values()))
    return set(sizes)


def _tag(batch: Batch, messages: Collection[int], add: set[str], remove: set[str]) -> set[int]:
    found = batch.db.execute(
        "SELECT name, message FROM tag WHERE message IN (SELECT value FROM json_each(?))",
        (codec.encode(list(messages)),),
    )
    there = set(found.fetchall())
    wanted = there | {(tag, number) for tag in add for number in messages}
    wanted -= {(tag, number) for tag in remove for number in messages}
    batch.db.executemany("DELETE FROM tag WHERE name = ? AND message = ?", there - wanted)
    batch.db.executemany("INSERT INTO tag VALUES (?, ?)", wanted - there)
    return {number for _, number in there ^ wanted}


def _see(batch: Batch, project: ProjectRow, numbers: str, viewer: str, seen: bool) -> list[tuple[EntryRow, EntryRow]]:
    """The viewer's entries that are otherwise; removed ones too, because they still tell what was read."""
    found = batch.db.execute(
        """
        SELECT entry.mailbox, entry.uid, entry.message, entry.flags, entry.keywords, entry.removed_at IS NOT NULL
        FROM entry JOIN mailbox ON mailbox.id = entry.mailbox
        WHERE entry.message IN (SELECT value FROM json_each(:numbers)) AND (entry.flags & 1) <> :seen
        AND mailbox.account = (SELECT id FROM account WHERE project = :project AND name = :viewer)
        """,
        {"numbers": numbers, "seen": seen, "project": project.id, "viewer": viewer},
    )
    entries = [EntryRow(*columns) for columns in found.fetchall()]
    return [(entry, replace(entry, flags=entry.flags ^ Flag.SEEN)) for entry in entries]
