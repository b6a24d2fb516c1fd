"""What a query finds: the predicate over one message, and the SQL over all of them, which must agree."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any as Anything

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.accounts import CATCHALL, account_name, accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import Facts
from mailtrap.message.summary import Summary
from mailtrap.search.document import Document, document
from mailtrap.search.grammar import parse
from mailtrap.search.match import matches
from mailtrap.search.tree import (
    Account,
    Addressed,
    All,
    Any,
    Has,
    Header,
    Is,
    Not,
    Origins,
    Query,
    Received,
    Session,
    Size,
    Tag,
    Text,
    Type,
)
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


def stored(number: int, octets: bytes = b"", *, seen_by: tuple[str, ...] = (), **given: Anything) -> Stored:
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


def addresses(*names: str) -> tuple[Address, ...]:
    return tuple(Address(name, name="Ann Müller") for name in names)


INVOICE = stored(
    1,
    b"Subject: =?utf-8?q?Your_inv=C3=B6ice?=\r\nReply-To: Help <help@desk.test>\r\nX-Job: a=4711 b\r\nX-Empty:\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nPlease   pay\r\nnow: one-time code 4711\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<style>.hidden{}</style><p>Bitte <b>zah</b>len</p>\r\n"
    b"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=list.csv\r\n\r\nrow;7\r\n--b--\r\n",
    subject="Your invöice",
    from_=addresses("shop@Example.com"),
    to=addresses("ann@x.test"),
    cc=addresses("carl@y.test"),
    bcc=addresses("dora@z.test"),
    filenames=("Invoice 7.PDF", "list.csv"),
    types=("text/plain", "text/html", "text/csv", "application/pdf"),
    attachments=2,
    size=20_000,
    mail_from=Address("bounce@example.com"),
    rcpt_to=(Address("Ann+News@x.test"), Address("hidden@xn--bcher-kva.example")),
    helo="app.ci.test",
    user="job-4711",
    tls="TLSv1.3",
    session="aBc-_9",
    tags=("release 7",),
    pinned=True,
    seen_by=("ann@x.test",),
)
BOUNCE = stored(
    2,
    b"Subject: failed\r\n\r\nno such user zz-b@x.test 7 \xe6\x97\xa5\xe6\x9c\xac\r\n",
    subject="failed",
    to=addresses("zz-b@x.test"),
    rcpt_to=(Address("zz-b@x.test"),),
    types=("text/calendar",),
    defects=("bare-lf",),
    defect_count=1,
    received_at=NOON - timedelta(days=2),
    origin="bounce",
)
DRAFT = stored(3, b"Subject: draft\r\n\r\n", subject="draft", origin="append", accounts=("ann@x.test",), envelope=None)


@pytest.fixture(scope="module")
def world() -> World:
    return World(INVOICE, BOUNCE, DRAFT)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("absent", []),
        ('"please now"', []),
        ("hidden{}", []),
        ("x-job", []),
        ("to:b@x.test", []),
        ("to:test", []),
        ("to:nn@x.test", []),
        ("to:bounce@example.com", []),
        ("from:ann@x.test", []),
        ("cc:ann@x.test", []),
        ("rcpt:carl@y.test", []),
        ("to:a*@y.test", []),
        ("to:*@", []),
        ("header:Job=4711", []),
        ("header:X-Job=4711a", []),
        ('header:Subject="invoice Reply"', []),
        ("subject:pay", []),
        ("body:invoice", []),
        ("filename:7*csv", []),
        ("type:text/*-plain", []),
        ("session:abc-_9", []),
        ('account:"ann"', []),
        ("tag:release", []),
        ("larger:20000 OR smaller:1", []),
        ("after:2026-11-23T12:01", []),
        ("", [2, 1]),
        ("INVOICE", [1]),
        ("invöi", [1]),
        ('"your invoice"', [1]),
        ('"please pay now"', [1]),
        ("zahlen", [1]),
        ("row;7", [1]),
        ("muller", [2, 1]),
        ("help@desk", [1]),
        ("hidden@bücher", [1]),
        ("hidden@xn--bcher", [1]),
        ("invoice 7.pdf", [1]),
        ("日本", [2]),
        ("7", [2, 1]),
        ("n", [2, 1]),
        ("to:ann@x.test", [1]),
        ("to:ANN+news@X.TEST", [1]),
        ("to:y.test", [1]),
        ("to:@y.test", [1]),
        ("to:x.test", [2, 1]),
        ("to:*n*@x.test", [1]),
        ("to:*", [2, 1]),
        ("to:*.test", [2, 1]),
        ("to:hidden@bücher.example OR to:nobody", [1]),
        ("to:xn--bcher-kva.example", [1]),
        ("bcc:dora@z.test cc:carl@y.test from:example.com", [1]),
        ("rcpt:zz-*", [2]),
        ("mailfrom:<>", [2]),
        ("mailfrom:*", [2, 1]),
        ("mailfrom:bounce@example.com", [1]),
        ("header:X-JOB=4711", [1]),
        ("header:x-empty", [1]),
        ("header:Subject", [2, 1]),
        ('header:Subject="inVOICE"', [1]),
        ("header:X-Job=b", [1]),
        ("subject:invoice", [1]),
        ("subject:yo", [1]),
        ("body:pay", [1]),
        ("filename:.pdf", [1]),
        ("filename:*.pdf", [1]),
        ("filename:inv*.pdf", [1]),
        ("has:attachment has:html", [1]),
        ("has:calendar", [2]),
        ("is:broken", [2]),
        ("-is:broken", [1]),
        ("is:pinned", [1]),
        ("is:unread", [2, 1]),
        ("is:read", []),
        ("type:text/plain", [1]),
        ("type:*/pdf", [1]),
        ("type:text/*", [2, 1]),
        ("larger:10k", [1]),
        ("smaller:10k", [2]),
        ("after:2026-11-23T12:00", [1]),
        ("before:2026-11-23T12:00", [2]),
        ("newer:1d", [1]),
        ("account:catchall", [2, 1]),
        ("account:ann@x.test", [1]),
        ("account:job-4711 account:ANN@x.test", [1]),
        ("account:ann@x.test OR account:zz-b@x.test", [2, 1]),
        ('tag:"release 7"', [1]),
        ("origin:bounce", [2]),
        ("session:aBc-_9", [1]),
        ("auth:JOB-*", [1]),
        ("helo:*.ci.test", [1]),
        ("tls:tlsv1.3", [1]),
        ("-tls:*", [2]),
        ("invoice OR failed", [2, 1]),
        ("test -invoice", [2]),
        ("-(invoice OR failed)", []),
        ("-to:ann@x.tes", [2, 1]),
        ("-filename:your", [2, 1]),
        ("-header:Job", [2, 1]),
        ("-header:X-Job=c", [2, 1]),
        ("-header:X-Job=4711 -absent", [2]),
    ],
)
def test_a_query_finds(world: World, query: str, numbers: list[int]) -> None:
    assert world.found(query) == numbers


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("", [3, 1]), ("is:unread", [3]), ("is:read", [1]), ("test", [1]), ("origin:append", [3]), ("failed", [])],
)
def test_an_account_has_its_own_messages_and_read_state(world: World, query: str, numbers: list[int]) -> None:
    assert world.found(query, "Ann@x.test") == numbers


def test_an_account_that_is_not_there_has_nothing(world: World) -> None:
    assert world.found("", "nobody@x.test") == []


def test_the_document_is_made_only_if_its_text_decides() -> None:
    def unwanted() -> Document:
        raise AssertionError("the document was made")

    query = parse("(absent OR to:ann@x.test) subject:invoice filename:pdf -(from:nobody@x.test hello)")
    assert matches(query, INVOICE.summary, unwanted)


def test_the_document_is_made_once() -> None:
    made: list[int] = []

    def once() -> Document:
        made.append(1)
        return INVOICE.document

    assert matches(parse("pay code -absent header:X-Job"), INVOICE.summary, once)
    assert made == [1]


@pytest.mark.parametrize(
    "text", ['"', '""', "AND", "NEAR(a b)", "subject : x", "a* ^b", "{a}", "'", "; DROP", "%_", "a\0b"]
)
def test_what_is_syntax_elsewhere_is_text_here(text: str) -> None:
    world = World(stored(1, subject=f"x {text} y"), stored(2, subject="other"))

    for field in ("any", "subject"):
        assert world.found(Text(field, text)) == [1]
        assert world.found(Text(field, f"x {text} y")) == [1]


@pytest.mark.parametrize(
    "query", ["a" * 4096, "abcdef " * 200, "-abc " * 200, "abc OR " * 199 + "abc", "to:a*" + "*a" * 2000]
)
def test_the_largest_queries_can_be_asked(world: World, query: str) -> None:
    world.found(query)


def test_deep_queries_can_be_asked(world: World) -> None:
    query: Query = Text("any", "invoice")
    for _ in range(20):
        query = Any((All((query, Text("any", "your"))), Text("any", "absent")))

    assert world.found(query) == [1]


def test_an_index_leads_to_what_is_rare(world: World) -> None:
    def led(query: str) -> bool:
        return compiled(parse(query), project=1).indexed

    assert [led(query) for query in ("invoice", "to:ann@x.test", "subject:abc is:read", "account:a@x", "abc OR defg")]
    assert not any(led(query) for query in ("", "ab", "-invoice", "is:read", "invoice OR ab", "larger:1k"))


def test_lists_without_text_need_no_document() -> None:
    for query in ("", "is:unread", "account:ann@x.test", "tag:a larger:1k -is:pinned origin:smtp newer:5m"):
        assert not compiled(parse(query), project=1).needs_text


def test_numbers_come_from_an_index_in_their_order(world: World) -> None:
    for query in ("", "invoice", "to:ann@x.test absent", "account:ann@x.test", "is:unread"):
        found = compiled(parse(query), project=1)
        rows = world.db.execute(
            "EXPLAIN QUERY PLAN " + found.page("m.number"), {**found.parameters, "before": 9, "limit": 9}
        )
        assert not [row for row in rows if "TEMP B-TREE" in row[3] or row[3] == "SCAN m"]


WORDS = st.sampled_from(["ann", "Inv", "invoice", "é", "日本語", "50%", '"', "a*b", "\0", "\udc80", "ﬁ", "in  v"])
TEXTS = st.lists(WORDS, max_size=3).map(" ".join) | st.lists(WORDS, max_size=2).map("".join)
NEEDLES = (
    st.sampled_from(["inv", "nv", "e", "日本", "0% ", '"', "*", "a*b", "n*i", "", "fi", "\0", "voice ann"]) | TEXTS
)
ADDRESSES = st.sampled_from(
    [
        "",
        "ann",
        "ann@x.test",
        "Ann+a@x.test",
        "@x.test",
        "b@xn--bcher-kva.example",
        "a@b@x.test",
        "\udc80@x",
        "a\nb  c@é",
    ]
).map(lambda address: Address(address, name="Ann Ö"))
PATTERNS = ADDRESSES.map(str) | st.sampled_from(
    ["*", "x.test", "*@x.test", "a*", "*n*", "bücher.example", "a*@*b*", "X.*", "*b c*", "*a b  *", "ann/*"]
)
ORIGINS = st.sampled_from(["smtp", "import", "append"])
ACCOUNTS = st.sampled_from(["catchall", "ann@x.test", "bob@y.test", "job"])
TYPES = st.sampled_from(["text/plain", "text/html", "image/png", "text/calendar"])
TIMES = st.integers(-2, 2).map(lambda hours: NOON + timedelta(hours=hours))

messages = st.builds(
    stored,
    st.just(0),
    st.builds(
        lambda name, value, body: f"{name}: {value}\r\n\r\n{body}\r\n".encode(errors="replace"),
        st.sampled_from(["Subject", "X-Job", "Sender"]),
        TEXTS,
        TEXTS,
    ),
    seen_by=st.lists(ACCOUNTS),
    subject=TEXTS,
    from_=st.lists(ADDRESSES, max_size=1).map(tuple),
    to=st.lists(ADDRESSES, max_size=2).map(tuple),
    cc=st.lists(ADDRESSES, max_size=1).map(tuple),
    filenames=st.lists(TEXTS, max_size=2).map(tuple),
    types=st.lists(TYPES, max_size=2).map(tuple),
    attachments=st.integers(0, 1),
    defect_count=st.integers(0, 1),
    size=st.integers(0, 3),
    mail_from=ADDRESSES,
    rcpt_to=st.lists(ADDRESSES, max_size=2).map(tuple),
    helo=TEXTS,
    user=st.none() | ADDRESSES.map(str),
    tls=st.none() | st.just("TLSv1.3"),
    session=st.none() | st.sampled_from(["s1", "S1"]),
    project=st.integers(1, 2),
    origin=ORIGINS,
    accounts=st.lists(ACCOUNTS, unique=True).map(tuple),
    tags=st.lists(st.sampled_from(["a", "A"]), unique=True).map(tuple),
    pinned=st.booleans(),
    received_at=TIMES,
)
worlds = st.lists(messages, max_size=5).map(
    lambda made: World(
        *(
            replace(each, summary=replace(each.summary, number=number, id=str(number)))
            for number, each in enumerate(made, 1)
        )
    )
)
terms = (
    st.builds(Text, st.sampled_from(["any", "subject", "body", "filename"]), NEEDLES)
    | st.builds(Addressed, st.sampled_from(["from", "to", "cc", "bcc", "rcpt", "mailfrom"]), PATTERNS)
    | st.builds(Header, st.sampled_from(["subject", "X-Job", "X-Jo", ""]), NEEDLES)
    | st.builds(Has, st.sampled_from(["attachment", "html", "calendar"]))
    | st.builds(Is, st.sampled_from(["unread", "read", "pinned", "broken"]))
    | st.builds(Type, TYPES | st.sampled_from(["text/*", "*", "*/plain", "image/*"]))
    | st.builds(Size, st.none() | st.integers(0, 3), st.none() | st.integers(0, 3))
    | st.builds(Received, st.none() | TIMES, st.none() | TIMES)
    | st.builds(Account, ACCOUNTS)
    | st.builds(Tag, st.sampled_from(["a", "A", "b"]))
    | st.builds(Origins, st.lists(ORIGINS, max_size=2).map(tuple))
    | st.builds(
        Session, st.sampled_from(["id", "auth", "helo", "tls"]), PATTERNS | NEEDLES | st.sampled_from(["s1", "tlsv1.3"])
    )
)
queries = st.recursive(
    terms,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Any, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@given(worlds, st.lists(terms, min_size=5, max_size=30))
def test_sql_finds_what_each_term_holds_for(world: World, asked: list[Query]) -> None:
    for query in asked:
        for project in (1, 2):
            assert world.selected(query, project=project) == world.matching(query, project=project)


@given(
    worlds,
    st.lists(queries, min_size=1, max_size=8),
    st.none() | ACCOUNTS,
    st.integers(1, 2),
    st.integers(0, 5),
    st.integers(1, 3),
)
def test_sql_finds_what_the_predicate_holds_for(
    world: World, asked: list[Query], account: str | None, project: int, floor: int, page: int
) -> None:
    for query in asked:
        expected = world.matching(query, account, project, floor)

        assert world.selected(query, account, project, floor, page) == expected
