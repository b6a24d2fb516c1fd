"""Messages in: everything that can be made ready before the writer's turn, and what is left to do then."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from functools import partial

from mailtrap.accounts import CATCHALL
from mailtrap.bus import Added, Filed, Refused
from mailtrap.envelope import new_id
from mailtrap.errors import AlreadyExists, TakenElsewhere
from mailtrap.message.parse import Octets
from mailtrap.message.summary import Summary
from mailtrap.search.fold import storable
from mailtrap.store import codec, deletion, facts
from mailtrap.store.batch import Batch
from mailtrap.store.bounds import Bound
from mailtrap.store.records import NO_FLAGS, Flag, NewMessage, NewRefusal
from mailtrap.store.rows import ProjectRow
from mailtrap.store.schema import SLICE


class Storing(ABC):
    """What all that stores a message has in common; what takes time is done when it is made, not in the writer's turn.

    ``_file``, ``_accounts`` and ``_seen`` say where it is put, and how.
    """

    def __init__(self, new: NewMessage) -> None:
        self._new = new
        self._id = new.id or new_id()
        at = new.received_at
        self._at = time.time_ns() // 1000 if at is None else codec.microseconds(at)
        self._accounts: tuple[str, ...] = ()
        self._seen = False
        self._tags = tuple(sorted(set(map(storable, new.tags))))
        self._session = None if new.session is None else storable(new.session)
        self._texts = (
            None if new.envelope is None else codec.envelope_json(new.envelope),
            facts.text(new.facts),
        )

    def store(self, batch: Batch) -> Added:
        """Store it; gives the event that tells of it."""
        new, books = self._new, batch.books
        project = books.project(new.project)
        if new.id:
            _make_room(batch, new.id, new.project)
        number, modseq, size = books.next_number(), books.next_modseq(), len(new.octets)
        project.messages += 1
        if new.origin == "append":
            project.appended += 1
        if not new.pinned:
            project.lose(-1, -size)
        filed, accounts = self._file(batch, number, modseq)
        known = (number, self._id, new.project, new.origin, self._at, modseq, size, int(new.pinned))
        batch.add_message(*known, self._session, accounts, *self._texts)
        _add_octets(batch, number, new.octets)
        if self._tags:
            batch.db.executemany("INSERT INTO tag VALUES (?, ?)", [(tag, number) for tag in self._tags])
        added = Added(new.project, modseq, self._summary(number, modseq), filed, partial(_itself, new.octets))
        batch.events.append(added)
        return added

    @abstractmethod
    def _file(self, batch: Batch, number: int, modseq: int) -> tuple[tuple[Filed, ...], str]:
        """File it; gives where, and its accounts as JSON."""

    def _summary(self, number: int, modseq: int) -> Summary:
        new = self._new
        return Summary(
            number=number,
            id=self._id,
            project=new.project,
            origin=new.origin,
            received_at=codec.time(self._at),
            modseq=modseq,
            envelope=new.envelope,
            facts=new.facts,
            session=self._session,
            accounts=self._accounts,
            tags=self._tags,
            seen=self._seen,
            pinned=new.pinned,
        )


class Adding(Storing):
    """A job: store a message that came in, and file it in the INBOX of each of its accounts."""

    def __init__(self, new: NewMessage) -> None:
        super().__init__(new)
        self._accounts = tuple(dict.fromkeys(map(storable, new.accounts)))
        self._accounts_text = codec.encode(self._accounts)
        self._seen = bool(new.flags & Flag.SEEN)

    def __call__(self, batch: Batch) -> Summary:
        return self.store(batch).summary

    def _file(self, batch: Batch, number: int, modseq: int) -> tuple[tuple[Filed, ...], str]:
        project, size = batch.books.project(self._new.project), len(self._new.octets)
        filed: list[Filed] = []
        for name in self._accounts:
            flags = self._new.flags if name == CATCHALL else NO_FLAGS
            filed.append(file(batch, project, name, number, size, modseq, flags, self._at))
        return tuple(filed), self._accounts_text


def file(
    batch: Batch, project: ProjectRow, name: str, number: int, size: int, modseq: int, flags: Flag, at: int
) -> Filed:
    """Put the message *number*, of *size* octets, into the INBOX of an account, as of *at*; gives where it is."""
    account = batch.books.account(project, name)
    inbox = batch.books.inbox(account)
    seen = bool(flags & Flag.SEEN)
    uid = inbox.uidnext
    inbox.uidnext += 1
    inbox.highest_modseq = modseq
    inbox.messages += 1
    inbox.unseen += not seen
    inbox.size += size
    account.messages += 1
    account.unseen += not seen
    account.last_arrival = at
    batch.add_entry(inbox.id, uid, number, modseq, int(flags))
    batch.add_filed(account.id, number)
    return Filed(inbox.id, uid)


def refuse(refusal: NewRefusal, bound: Bound, batch: Batch) -> None:
    """A job: record a transaction that ended without a message, and keep the table within *bound*."""
    batch.books.remains(refusal.project)  # that it was deleted may be why: a session's record says so
    modseq = batch.books.next_modseq()
    number = batch.db.execute(
        """
        INSERT INTO refusal (project, session, at, stage, reply, envelope, partial)
        VALUES (:project, :session, :at, :stage, :reply, :envelope, :partial)
        """,
        {
            "project": refusal.project,
            "session": storable(refusal.session),
            "at": batch.at,
            "stage": storable(refusal.stage),
            "reply": storable(refusal.reply),
            "envelope": codec.envelope_json(refusal.envelope),
            "partial": refusal.partial,
        },
    ).lastrowid
    bound.keep(batch.db, number or 0, len(refusal.partial))
    batch.events.append(Refused(refusal.project, modseq, number or 0))


def _make_room(batch: Batch, message_id: str, wanted: int) -> None:
    """Raise `AlreadyExists` if a message with that id is there; one under a floor goes at last."""
    found = batch.db.execute(
        """
        SELECT number, message.project, size, number > floor OR pinned
        FROM message JOIN project ON project.id = message.project WHERE message.id = ?
        """,
        (message_id,),
    ).fetchone()
    if found is None:
        return
    number, project, size, visible = found
    if visible and project != wanted:
        raise TakenElsewhere(f"a message of another project has the id {message_id}")
    if visible:
        raise AlreadyExists(f"a message with the id {message_id} is there")
    deletion.sink(batch, batch.books.remains(project), [(number, message_id, size)])


def _add_octets(batch: Batch, number: int, octets: Octets) -> None:
    """Rows of at most 256 KiB; a large message is nowhere copied as a whole."""
    key = number << 20
    if len(octets) > SLICE:
        view = memoryview(octets)
        for start in range(0, len(octets), SLICE):
            batch.add_octets(key, view[start : start + SLICE])
            key += 1
    elif octets:
        batch.add_octets(key, octets)


def _itself(octets: Octets) -> Octets:
    return octets
