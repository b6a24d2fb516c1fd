"""Out of a store with what is known, and into one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future

from mailtrap.accounts import CATCHALL, accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.errors import NotFound
from mailtrap.message.facts import Facts, examined
from mailtrap.message.parse import Octets
from mailtrap.message.summary import Summary
from mailtrap.portable.packed import batches
from mailtrap.portable.record import Record
from mailtrap.store import Store
from mailtrap.store.records import NO_FLAGS, Flag, NewMessage


def read(store: Store, summaries: Iterable[Summary]) -> Iterator[tuple[Record, bytes]]:
    """Messages and what is known of them, in the same order; those that are gone by now are left out."""
    for batch in batches(summaries, lambda summary: summary.facts.size):
        found = store.raw([summary.number for summary in batch])
        for summary in batch:
            octets = found.pop(summary.number, None)
            record = None if octets is None else _record(store, summary)
            if octets is not None and record is not None:
                yield record, octets


def add(store: Store, project: int, record: Record, octets: Octets) -> Future[Summary]:
    """Store a message with what is known of it. Its origin is ``import``: nobody waits for such."""
    found = examined(octets)
    envelope = record.envelope if record.has_envelope else derived(found)
    new = NewMessage(
        project=project,
        origin="import",
        octets=octets,
        facts=found,
        envelope=envelope,
        accounts=accounts_of(envelope.rcpt_to, envelope.user) if envelope else accounts_of(()),
        id=record.id,
        received_at=record.received_at,
        tags=record.tags,
        flags=record.flags,
        pinned=record.pinned,
    )
    return store.add(new)


def is_there(store: Store, project: int, message_id: str) -> bool:
    """Whether the project has a message with that id."""
    try:
        store.summary(project, message_id)
    except NotFound:
        return False
    return True


def derived(found: Facts) -> Envelope:
    """The envelope that goes by the header, where nobody has told one."""
    return Envelope(Address(sender(found)), tuple(map(Address, recipients(found))))


def sender(found: Facts) -> str:
    """The address of From; empty where there is none."""
    return str(found.from_[0]) if found.from_ else ""


def recipients(found: Facts) -> tuple[str, ...]:
    """The addresses of To, Cc and Bcc, none twice."""
    return tuple(dict.fromkeys(str(each) for each in (*found.to, *found.cc, *found.bcc)))


def _record(store: Store, summary: Summary) -> Record | None:
    flags = Flag.SEEN if summary.seen else NO_FLAGS
    try:
        for filing in store.filings(summary.number):
            if filing.account == CATCHALL and filing.removed_at is None:
                flags |= filing.flags
    except NotFound:
        return None
    return Record(
        id=summary.id,
        received_at=summary.received_at,
        origin=summary.origin,
        envelope=summary.envelope,
        has_envelope=True,
        tags=summary.tags,
        flags=flags,
        pinned=summary.pinned,
    )
