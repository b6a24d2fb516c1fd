"""Random messages, random queries: SQL finds exactly those that the predicate holds for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any as Anything

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailtrap.envelope import Address
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
from mailtrap.store import inside

NewWorld = Callable[..., Anything]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

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
        '"ann"@x.test',
        '"a b"@x.test',
        "\udc80@x",
        "a\nb  c@é",
    ]
).map(lambda address: Address(address, name="Ann Ö"))
PATTERNS = ADDRESSES.map(str) | st.sampled_from(
    [
        "*",
        "x.test",
        "*@x.test",
        "a*",
        "*n*",
        "bücher.example",
        "a*@*b*",
        "X.*",
        "*b c*",
        "*a b  *",
        "ann/*",
        '"ann"*',
        '"a*b"@x.test',
    ]
)
ORIGINS = st.sampled_from(["smtp", "import", "append"])
ACCOUNTS = st.sampled_from(["catchall", "ann@x.test", "bob@y.test", "job"])
TYPES = st.sampled_from(["text/plain", "text/html", "image/png", "text/calendar"])
TIMES = st.integers(-2, 2).map(lambda hours: NOON + timedelta(hours=hours))

messages: st.SearchStrategy[dict[str, Anything]] = st.builds(
    dict,
    octets=st.builds(
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
worlds = st.lists(messages, max_size=5)
terms = (
    st.builds(Text, st.sampled_from(["any", "subject", "body", "filename", "headers"]), NEEDLES)
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


@given(messages=worlds, asked=st.lists(terms, min_size=5, max_size=30))
def test_sql_finds_what_each_term_holds_for(
    new_world: NewWorld, messages: list[dict[str, Anything]], asked: list[Query]
) -> None:
    world = new_world(messages)
    for query in asked:
        for project in (1, 2):
            assert world.selected(query, project=project) == world.matching(query, project=project)


@given(
    messages=worlds,
    asked=st.lists(queries, min_size=1, max_size=8),
    account=st.none() | ACCOUNTS,
    project=st.integers(1, 2),
    floor=st.integers(0, 5),
    page=st.integers(1, 3),
)
def test_sql_finds_what_the_predicate_holds_for(
    new_world: NewWorld,
    messages: list[dict[str, Anything]],
    asked: list[Query],
    account: str | None,
    project: int,
    floor: int,
    page: int,
) -> None:
    world = new_world(messages)
    for query in asked:
        expected = world.matching(query, account, project, floor)

        assert world.selected(query, account, project, floor, page) == expected


@settings(max_examples=40)
@given(
    messages=worlds,
    asked=st.lists(queries, min_size=1, max_size=8),
    account=st.none() | ACCOUNTS,
    deleted=st.integers(0, 5),
    page=st.integers(1, 3),
)
def test_the_store_finds_what_the_predicate_holds_for_right_after_the_message_came(
    new_real: NewWorld,
    messages: list[dict[str, Anything]],
    asked: list[Query],
    account: str | None,
    deleted: int,
    page: int,
) -> None:
    real, given = new_real(messages)
    for number, message in enumerate(given, 1):
        real.add(message)
        query = asked[number % len(asked)]
        assert real.listed(query, account, page) == real.matching(query, account)
        if number == deleted:
            real.delete_all()

    for query in asked:
        assert real.listed(query, account, page) == real.matching(query, account)


@settings(max_examples=60)
@given(
    messages=worlds,
    asked=st.lists(queries, min_size=1, max_size=8),
    few=st.sampled_from([0, 100]),
    deleted=st.integers(0, 5),
    removed=st.sets(st.integers(1, 3), max_size=1),
)
def test_a_mailbox_is_searched_for_what_the_predicate_holds_for(
    new_real: NewWorld,
    messages: list[dict[str, Anything]],
    asked: list[Query],
    few: int,
    deleted: int,
    removed: set[int],
) -> None:
    real, given = new_real(messages)
    for number, message in enumerate(given, 1):
        real.add(message)
        if number == deleted:
            real.delete_all()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(inside, "_FEW", few)  # from so many messages on the index is asked
        for account in {name for each in given for name in each.summary.accounts}:
            inbox = real.store.mailbox(real.project, account).id
            real.store.remove(inbox, list(removed), "imap")
            there = {entry.number: entry.uid for entry in real.store.entries(inbox)}
            for query in asked:
                wanted = [there.get(each.number) for each in real.matching(query, account)]
                assert real.store.search(inbox, query) == sorted(filter(None, wanted))
