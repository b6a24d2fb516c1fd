"""A world of a few messages, as values and in a database: what SQL finds must be what the predicate says."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import pytest

from mailtrap.accounts import CATCHALL, account_name, accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import Facts
from mailtrap.message.summary import Summary
from mailtrap.search.document import Document, document
from mailtrap.search.grammar import parse
from mailtrap.search.match import matches
from mailtrap.search.tree import Query
from mailtrap.store.query import compile as compiled
from mailtrap.store.query import register
from mailtrap.store.records import NewMessage
from mailtrap.store.schema import MIGRATIONS
from mailtrap.store.sqlite import SqliteStore

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
COLUMNS = tuple(field.name for field in fields(Document))
PLACES = ", ".join(f":{name}" for name in COLUMNS)


@dataclass(frozen=True)
class Stored:
    """A message, and who has seen it."""

    summary: Summary
    octets: bytes = b""
    seen_by: frozenset[str] = frozenset()

    @cached_property
    def document(self) -> Document:
        return document(self.octets, self.summary)

    def made(self) -> Document:
        return self.document

    def seen_from(self, account: str | None) -> Summary:
        viewer = account_name(account or CATCHALL)
        return replace(self.summary, seen=viewer in self.seen_by and viewer in self.summary.accounts)


class World:
    """Messages as values, and in a bare database with the store's schema."""

    def __init__(self, *messages: Stored) -> None:
        self.messages = messages
        self.db = sqlite3.connect(":memory:")
        for migrate in MIGRATIONS:
            migrate(self.db)
        register(self.db)
        for stored in messages:
            self._insert(stored)

    def _insert(self, stored: Stored) -> None:
        summary = stored.summary
        row = {name: getattr(stored.document, name) for name in COLUMNS}
        row |= {name: getattr(summary, name) for name in ("number", "id", "project", "origin", "pinned", "session")}
        row |= {"size": summary.facts.size, "at": (summary.received_at - EPOCH) // timedelta(microseconds=1)}
        self.db.execute(
            """INSERT INTO message (number, id, project, origin, received_at, modseq, size, pinned, session,
            accounts, facts) VALUES (:number, :id, :project, :origin, :at, 0, :size, :pinned, :session, '', '')""",
            row,
        )
        self.db.execute(f"INSERT INTO document (message, {', '.join(COLUMNS)}) VALUES (:number, {PLACES})", row)
        self.db.execute(
            """INSERT INTO fulltext (rowid, subject, addresses, names, codes, headers, body)
            VALUES (:number, :subject, :addresses, :names, :codes, :headers, :body)""",
            row,
        )
        for name in summary.tags:
            self.db.execute("INSERT INTO tag VALUES (?, ?)", (name, summary.number))
        for name in summary.accounts:
            self._file(summary, name, 1 if name in stored.seen_by else 2)

    def _file(self, summary: Summary, name: str, flags: int) -> None:
        of = {"project": summary.project, "name": name, "message": summary.number, "flags": flags}
        self.db.execute("INSERT OR IGNORE INTO account (project, name) VALUES (:project, :name)", of)
        chosen = "FROM account WHERE project = :project AND name = :name"
        self.db.execute(
            f"INSERT OR IGNORE INTO mailbox (id, account, name, uidvalidity) SELECT id, id, 'INBOX', 1 {chosen}", of
        )
        self.db.execute(f"INSERT INTO filed SELECT id, :message {chosen}", of)
        self.db.execute(
            f"""INSERT INTO entry (mailbox, uid, message, modseq, flags)
            SELECT id, :message, :message, 1, :flags {chosen}""",
            of,
        )

    def matching(self, query: Query, account: str | None = None, project: int = 1, floor: int = 0) -> list[int]:
        """Row numbers, newest first, by the predicate."""
        return [
            stored.summary.number
            for stored in sorted(self.messages, key=lambda stored: -stored.summary.number)
            if stored.summary.project == project
            and (stored.summary.number > floor or stored.summary.pinned)
            and matches(
                query,
                stored.seen_from(account),
                stored.made,
                account=account,
            )
        ]

    def selected(
        self, query: Query, account: str | None = None, project: int = 1, floor: int = 0, page: int = 100
    ) -> list[int]:
        """The same by SQL, in pages; a count must say how many there are."""
        found = compiled(query, project=project, account=account, floor=floor)
        numbers: list[int] = []
        before = 1 << 62
        while rows := self.db.execute(
            found.page("m.number"), {**found.parameters, "before": before, "limit": page}
        ).fetchall():
            numbers += [number for [number] in rows]
            before = numbers[-1]
        [count] = self.db.execute(found.count(), {**found.parameters, "limit": 100}).fetchone()
        assert count == len(numbers)
        return numbers

    def found(self, query: str | Query, account: str | None = None) -> list[int]:
        """What a query finds, by either way."""
        tree = parse(query, now=NOON) if isinstance(query, str) else query
        numbers = self.selected(tree, account)
        assert numbers == self.matching(tree, account)
        return numbers


def stored(number: int, *, octets: bytes = b"", seen_by: tuple[str, ...] = (), **given: Any) -> Stored:
    """A message with these facts, envelope and state."""
    facts = {field.name: given.pop(field.name) for field in fields(Facts) if field.name in given}
    envelope = {field.name: given.pop(field.name) for field in fields(Envelope) if field.name in given}
    envelope = {"mail_from": Address(""), "rcpt_to": (), **envelope}
    accounts = accounts_of(envelope["rcpt_to"], envelope.get("user"))
    summary = Summary(
        **{
            "number": number,
            "id": f"id-{number}",
            "project": 1,
            "origin": "smtp",
            "received_at": NOON,
            "modseq": 0,
            "envelope": Envelope(**envelope),
            "facts": Facts(**{"size": len(octets), **facts}),
            "accounts": accounts,
            **given,
        }
    )
    return Stored(summary, octets, frozenset(seen_by))


@pytest.fixture(scope="session")
def new_world() -> Callable[..., World]:
    """Makes a world of messages, each given by the keyword arguments of `stored`."""
    return lambda messages: World(*(stored(number, **given) for number, given in enumerate(messages, 1)))


class Real:
    """Messages in a real store, in a project of their own."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.project = store.new_project().id
        self.messages: list[Stored] = []

    def add(self, given: Stored) -> None:
        """Store it as it is, pin and read state included."""
        summary = given.summary
        new = NewMessage(
            project=self.project,
            origin=summary.origin,
            octets=given.octets,
            facts=replace(summary.facts, size=len(given.octets)),
            envelope=summary.envelope,
            accounts=summary.accounts,
            session=summary.session,
            received_at=summary.received_at,
            tags=summary.tags,
        )
        message_id = self.store.add(new).result().id
        self.store.update(self.project, [message_id], pinned=summary.pinned)
        for account in given.seen_by:
            self.store.update(self.project, [message_id], seen=True, account=account)
        there = self.store.summary(self.project, message_id)
        self.messages.append(Stored(there, given.octets, given.seen_by))

    def delete_all(self) -> None:
        """All but what is pinned."""
        self.store.delete_all(self.project)
        self.messages = [each for each in self.messages if each.summary.pinned]

    def matching(self, query: Query, account: str | None) -> list[Summary]:
        """Newest first, by the predicate."""
        seen = [(each, each.seen_from(account)) for each in reversed(self.messages)]
        return [summary for each, summary in seen if matches(query, summary, each.made, account=account)]

    def listed(self, query: Query, account: str | None, page: int) -> list[Summary]:
        """What the store finds, page by page; each page must say how many there are."""
        found: list[Summary] = []
        totals = set()
        before = None
        while True:
            there = self.store.messages(self.project, query, account=account, before=before, limit=page)
            found += there.summaries
            totals.add((there.total, there.total_is_lower_bound))
            if (before := there.next) is None:
                break
        assert totals == {(len(found), False)}
        return found


@pytest.fixture(scope="session")
def real_store() -> Iterator[SqliteStore]:
    """One store for all examples; each has a project of its own."""
    store = SqliteStore()
    yield store
    store.close()


@pytest.fixture(scope="session")
def new_real(real_store: SqliteStore) -> Callable[..., tuple[Real, list[Stored]]]:
    """An empty project, and messages that can be added to it, each given by the keyword arguments of `stored`."""
    return lambda messages: (Real(real_store), [stored(number, **given) for number, given in enumerate(messages, 1)])
