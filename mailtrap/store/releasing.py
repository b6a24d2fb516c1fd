"""Messages that were held back: filed, when they are due, for those whom they were meant for."""

from __future__ import annotations

import json
from collections.abc import Iterable

from mailtrap.bus import Copied
from mailtrap.search.fold import storable
from mailtrap.store import codec
from mailtrap.store.batch import Batch
from mailtrap.store.ingest import file
from mailtrap.store.records import NO_FLAGS


def release(number: int, project: int, message_id: str, accounts: Iterable[str], batch: Batch) -> None:
    """A job: file a message in the INBOX of more accounts, unless it is gone; *number* needs no remembering then."""
    batch.db.execute("DELETE FROM remembered WHERE number = ?", (number,))
    found = batch.db.execute(_MESSAGE, {"id": message_id, "project": project}).fetchone()
    if found is not None:
        _release(batch, project, message_id, accounts, found)


def _release(batch: Batch, project: int, message_id: str, accounts: Iterable[str], found: tuple[int, int, str]) -> None:
    number, size, written = found
    there = json.loads(written)
    more = [name for name in dict.fromkeys(map(storable, accounts)) if name not in there]
    row, modseq = batch.books.project(project), batch.books.next_modseq()
    for name in more:
        filed = file(batch, row, name, number, size, modseq, NO_FLAGS, batch.at)
        batch.events.append(Copied(project, modseq, filed.mailbox, (filed.uid,), (number,), (message_id,)))
    batch.db.execute("UPDATE message SET accounts = ? WHERE number = ?", (codec.encode([*there, *more]), number))


_MESSAGE = """
    SELECT number, size, accounts FROM message JOIN project ON project.id = message.project
    WHERE message.id = :id AND message.project = :project AND (number > floor OR pinned)
"""
