"""A world of a few messages, as values and in a database: what SQL finds must be what the predicate says."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
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
from mailtrap.store.schema import MIGRATIONS

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
