"""What a query finds, by the predicate over one message and by the SQL over all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any as Anything

import pytest

from mailtrap.envelope import Address
from mailtrap.search.document import Document
from mailtrap.search.grammar import parse
from mailtrap.search.match import matches
from mailtrap.search.tree import All, Any, Query, Text
from mailtrap.store.query import compile as compiled

NewWorld = Callable[..., Anything]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def addresses(*names: str) -> tuple[Address, ...]:
    return tuple(Address(name, name="Ann Müller") for name in names)


INVOICE = {
    "octets": b"Subject: =?utf-8?q?Your_inv=C3=B6ice?=\r\nReply-To: Help <help@desk.test>\r\n"
    b"X-Job: a=4711 b\r\nX-Empty:\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nPlease   pay\r\nnow: one-time code 4711\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<style>.hidden{}</style><p>Bitte <b>zah</b>len</p>\r\n"
    b"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=list.csv\r\n\r\nrow;7\r\n--b--\r\n",
    "subject": "Your invöice",
    "from_": addresses("shop@Example.com"),
    "to": addresses("ann@x.test"),
    "cc": addresses("carl@y.test"),
    "bcc": addresses("dora@z.test"),
    "filenames": ("Invoice 7.PDF", "list.csv"),
    "types": ("text/plain", "text/html", "text/csv", "application/pdf"),
    "attachments": 2,
    "size": 20_000,
    "mail_from": Address("bounce@example.com"),
    "rcpt_to": (Address("Ann+News@x.test"), Address("hidden@xn--bcher-kva.example"), Address('"q.uoted"@y.test')),
    "helo": "app.ci.test",
    "user": "job-4711",
    "tls": "TLSv1.3",
    "session": "aBc-_9",
    "tags": ("release 7",),
    "pinned": True,
    "seen_by": ("ann@x.test",),
}
BOUNCE = {
    "octets": b"Subject: failed\r\n\r\nno such user zz-b@x.test 7 \xe6\x97\xa5\xe6\x9c\xac\r\n",
    "subject": "failed",
    "to": addresses("zz-b@x.test"),
    "rcpt_to": (Address("zz-b@x.test"),),
    "types": ("text/calendar",),
    "defects": ("bare-lf",),
    "defect_count": 1,
    "received_at": NOON - timedelta(days=2),
    "origin": "bounce",
}
DRAFT = {
    "octets": b"Subject: draft\r\n\r\n",
    "subject": "draft",
    "origin": "append",
    "accounts": ("ann@x.test",),
    "envelope": None,
}


@pytest.fixture(scope="module")
def world(new_world: NewWorld) -> Anything:
    return new_world([INVOICE, BOUNCE, DRAFT])


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
        ("to:q.uoted@y.test", [1]),
        ("to:q.u*@y.test", [1]),
        (r'to:"\"q\\.uoted\"@y.test"', [1]),
        ("q.uoted@y.test", [1]),
        (r'"\"q.uoted\"@y"', [1]),
        ("account:q.uoted@y.test", [1]),
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
def test_a_query_finds(world: Anything, query: str, numbers: list[int]) -> None:
    assert world.found(query) == numbers


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("", [3, 1]), ("is:unread", [3]), ("is:read", [1]), ("test", [1]), ("origin:append", [3]), ("failed", [])],
)
def test_an_account_has_its_own_messages_and_read_state(world: Anything, query: str, numbers: list[int]) -> None:
    assert world.found(query, "Ann@x.test") == numbers


def test_an_account_that_is_not_there_has_nothing(world: Anything) -> None:
    assert world.found("", "nobody@x.test") == []


def test_the_document_is_made_only_if_its_text_decides(world: Anything) -> None:
    def unwanted() -> Document:
        raise AssertionError("the document was made")

    query = parse("(absent OR to:ann@x.test) subject:invoice filename:pdf -(from:nobody@x.test hello)")
    assert matches(query, world.messages[0].summary, unwanted)


def test_the_document_is_made_once(world: Anything) -> None:
    invoice = world.messages[0]
    made: list[int] = []

    def once() -> Document:
        made.append(1)
        document: Document = invoice.document
        return document

    assert matches(parse("pay code -absent header:X-Job"), invoice.summary, once)
    assert made == [1]


@pytest.mark.parametrize(
    "text", ['"', '""', "AND", "NEAR(a b)", "subject : x", "a* ^b", "{a}", "'", "; DROP", "%_", "a\0b"]
)
def test_what_is_syntax_elsewhere_is_text_here(new_world: NewWorld, text: str) -> None:
    world = new_world([{"subject": f"x {text} y"}, {"subject": "other"}])

    for field in ("any", "subject"):
        assert world.found(Text(field, text)) == [1]
        assert world.found(Text(field, f"x {text} y")) == [1]


@pytest.mark.parametrize(
    "query", ["a" * 4096, "abcdef " * 200, "-abc " * 200, "abc OR " * 199 + "abc", "to:a*" + "*a" * 2000]
)
def test_the_largest_queries_can_be_asked(world: Anything, query: str) -> None:
    world.found(query)


def test_deep_queries_can_be_asked(world: Anything) -> None:
    query: Query = Text("any", "invoice")
    for _ in range(20):
        query = Any((All((query, Text("any", "your"))), Text("any", "absent")))

    assert world.found(query) == [1]


def test_an_index_leads_to_what_is_rare(world: Anything) -> None:
    def led(query: str) -> bool:
        return compiled(parse(query), project=1).number != "m.number"

    assert all(
        led(query) for query in ("invoice", "to:ann@x.test", "subject:abc is:read", "account:a@x", "abc OR defg")
    )
    assert not any(led(query) for query in ("", "ab", "-invoice", "is:read", "invoice OR ab", "larger:1k"))


def test_lists_without_text_need_no_document() -> None:
    for query in ("", "is:unread", "account:ann@x.test", "tag:a larger:1k -is:pinned origin:smtp newer:5m"):
        assert not compiled(parse(query), project=1).needs_text


def test_numbers_come_from_an_index_in_their_order(world: Anything) -> None:
    for query in ("", "invoice", "to:ann@x.test absent", "account:ann@x.test", "is:unread"):
        found = compiled(parse(query), project=1)
        rows = world.db.execute(
            "EXPLAIN QUERY PLAN " + found.page("m.number"), {**found.parameters, "before": 9, "limit": 9}
        )
        assert not [row for row in rows if "TEMP B-TREE" in row[3] or row[3] == "SCAN m"]
