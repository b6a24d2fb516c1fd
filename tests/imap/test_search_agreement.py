"""SEARCH finds what a plain reading of its keys finds, in a mailbox of many and over the corpus. RFC 9051 §6.4.4."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from searching import fill, mark, searched, selected

from mailtrap.imap.session import Session
from mailtrap.message import headers, text
from mailtrap.message.facts import facts
from mailtrap.message.hypertext import html_to_text
from mailtrap.message.parse import parse
from mailtrap.search.fold import fold
from mailtrap.store.records import Flag
from mailtrap.store.sqlite import SqliteStore

WORDS = "ann bob order news café 4711 smith".split()
KEYWORDS = ["$Forwarded", "work", "Work2"]
FLAGS = list(Flag.__members__)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Message:
    """What a search may ask about a message."""

    uid: int
    number: int
    octets: bytes
    flags: frozenset[str]
    at: datetime
    sent: date | None
    fields: dict[str, str]
    body: str


class Known:
    """A session, and what is in its mailbox; not a dataclass, which hypothesis would write out at length."""

    def __init__(self, session: Session, messages: list[Message]) -> None:
        self.session = session
        self.messages = messages


Holds = Callable[[Message], bool]


@dataclass(frozen=True)
class Asked:
    """Keys, and what they ask."""

    keys: str
    holds: Holds = field(repr=False)


def made(number: int, chance: random.Random) -> Message:
    fields = {name: " ".join(chance.choices(WORDS, k=2)) for name in ("from", "to", "subject") if chance.random() < 0.8}
    body = " ".join(chance.choices(WORDS, k=chance.randint(1, 9)))
    sent = date(2026, 1, chance.randint(1, 6)) if chance.random() < 0.8 else None
    lines = [f"{name}: {value}" for name, value in fields.items()]
    lines += [f"date: {sent:%d} Jan 2026 23:59:00 {chance.choice(['+1200', '-1100'])}"] if sent else []
    flags = frozenset(each for each in (*FLAGS, *KEYWORDS) if chance.random() < 0.3)
    at = BEGIN + timedelta(hours=chance.randint(0, 140))
    return Message(0, number, "\r\n".join([*lines, "", body, ""]).encode(), flags, at, sent, fields, body)


@pytest.fixture(scope="module")
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def known(store: SqliteStore) -> Known:
    """Messages whose UIDs have gaps, and enough of them for the index to be used."""
    chance = random.Random(9051)
    messages = [made(number, chance) for number in range(1, 161)]
    project = store.new_project().id
    mailbox = fill(store, project, [(each.octets, each.at) for each in messages])
    for uid, each in enumerate(messages, 1):
        flags = [Flag[name] for name in each.flags if name in FLAGS]
        mark(store, mailbox, [uid], sum(flags, Flag(0)), *[name for name in each.flags if name in KEYWORDS])
    left = sorted(chance.sample(range(1, 161), 130))
    store.remove(mailbox, [uid for uid in range(1, 161) if uid not in left], "imap")
    there = [messages[uid - 1] for uid in left]
    numbered = enumerate(zip(left, there, strict=True), 1)
    known = [replace(each, uid=uid, number=number) for number, (uid, each) in numbered]
    return Known(selected(store, project), known)


def flag_keys() -> st.SearchStrategy[Asked]:
    def of(name: str) -> list[Asked]:
        return [Asked(name, lambda it: name in it.flags), Asked(f"UN{name}", lambda it: name not in it.flags)]

    def of_keyword(name: str) -> list[Asked]:
        return [
            Asked(f"KEYWORD {name}", lambda it: name in it.flags),
            Asked(f"UNKEYWORD {name.upper()}", lambda it: name not in it.flags),
        ]

    return st.sampled_from(
        [*(each for name in FLAGS for each in of(name)), *(e for n in KEYWORDS for e in of_keyword(n))]
    )


def date_keys(day: date) -> st.SearchStrategy[Asked]:
    asked = f"{day.day}-{day:%b-%Y}"
    return st.sampled_from(
        [
            Asked(f"BEFORE {asked}", lambda it: it.at.date() < day),
            Asked(f"ON {asked}", lambda it: it.at.date() == day),
            Asked(f"SINCE {asked}", lambda it: it.at.date() >= day),
            Asked(f"SENTBEFORE {asked}", lambda it: it.sent is not None and it.sent < day),
            Asked(f"SENTON {asked}", lambda it: it.sent == day),
            Asked(f"SENTSINCE {asked}", lambda it: it.sent is not None and it.sent >= day),
        ]
    )


def size_keys(size: int) -> st.SearchStrategy[Asked]:
    return st.sampled_from(
        [
            Asked(f"LARGER {size}", lambda it: len(it.octets) > size),
            Asked(f"SMALLER {size}", lambda it: len(it.octets) < size),
        ]
    )


def text_keys(word: str) -> st.SearchStrategy[Asked]:
    def within(name: str) -> Holds:
        return lambda it: name in it.fields and fold(word) in fold(it.fields[name])

    return st.sampled_from(
        [
            *(Asked(f'{name} "{word}"', within(name.lower())) for name in ("FROM", "TO", "SUBJECT")),
            Asked(f'HEADER To "{word}"', within("to")),
            Asked('HEADER From ""', lambda it: "from" in it.fields),
            Asked(f'BODY "{word}"', lambda it: fold(word) in fold(it.body)),
            Asked(
                f'TEXT "{word}"', lambda it: any(fold(word) in fold(line) for line in it.octets.decode().splitlines())
            ),
        ]
    )


def set_keys(ends: tuple[int, int]) -> st.SearchStrategy[Asked]:
    low, high = sorted(ends)
    return st.sampled_from(
        [
            Asked(f"{high}:{low}", lambda it: low <= it.number <= high),
            Asked(f"UID {low}:{high}", lambda it: low <= it.uid <= high),
            Asked(f"{low},{high}", lambda it: it.number in (low, high)),
        ]
    )


leaves = st.one_of(
    st.just(Asked("ALL", lambda it: True)),
    flag_keys(),
    st.integers(1, 8).map(lambda day: date(2026, 1, day)).flatmap(date_keys),
    st.integers(0, 300).flatmap(size_keys),
    st.sampled_from([*WORDS, "or", "n", "nn", "ann b", "zzz", "CAFE"]).flatmap(text_keys),
    st.tuples(st.integers(1, 130), st.integers(1, 130)).flatmap(set_keys),
)


def combined(inner: st.SearchStrategy[Asked]) -> st.SearchStrategy[Asked]:
    def both(one: Asked, other: Asked) -> Asked:
        return Asked(f"({one.keys} {other.keys})", lambda it: one.holds(it) and other.holds(it))

    def either(one: Asked, other: Asked) -> Asked:
        return Asked(f"OR {one.keys} {other.keys}", lambda it: one.holds(it) or other.holds(it))

    def negated(one: Asked) -> Asked:
        return Asked(f"NOT {one.keys}", lambda it: not one.holds(it))

    return st.builds(both, inner, inner) | st.builds(either, inner, inner) | st.builds(negated, inner)


@given(st.recursive(leaves, combined, max_leaves=8))
def test_keys_find_what_a_plain_reading_of_them_does(known: Known, asked: Asked) -> None:
    assert searched(known.session, asked.keys) == [each.uid for each in known.messages if asked.holds(each)]


@pytest.fixture(scope="module")
def library(store: SqliteStore, all_corpus_files: list[Path]) -> tuple[Session, list[bytes]]:
    """A session whose mailbox has the corpus, twice: once is too little for the index to be used."""
    messages = [file.read_bytes() for file in all_corpus_files] * 2
    project = store.new_project().id
    fill(store, project, [(each, BEGIN) for each in messages])
    return selected(store, project), messages


def fields_of(octets: bytes) -> list[tuple[str, str]]:
    root = parse(octets).root
    found = headers.fields(octets, root.start, root.body)
    return [(fold(each.name), fold(headers.decoded(each.value))) for each in found]


def body_of(octets: bytes) -> str:
    texts = []
    for part in parse(octets).parts():
        if part.type.startswith("text/") and not part.children:
            decoded = text.decoded(octets, part)
            texts.append(fold(html_to_text(decoded) if part.type == "text/html" else decoded))
    return "\n".join(texts)


def some_words(chance: random.Random, texts: list[str], count: int) -> list[str]:
    words = sorted({word for each in texts for word in each.split() if not set(word) & set('"\\') and len(word) < 100})
    pieces = [
        word[chance.randint(0, 2) :][: chance.randint(2, 12)] for word in chance.sample(words, min(count, len(words)))
    ]
    return [piece for piece in pieces if fold(piece) == piece and piece]


@pytest.mark.parametrize("name", ["from", "to", "cc", "subject", "message-id", "content-type", "received"])
def test_fields_of_the_corpus_are_found_by_their_text(library: tuple[Session, list[bytes]], name: str) -> None:
    session, messages = library
    values = [[value for field, value in fields_of(each) if field == name] for each in messages]
    key = name if name in ("from", "to", "cc", "subject") else f"HEADER {name}"

    for word in some_words(random.Random(name), [value for each in values for value in each], 25):
        expected = [uid for uid, each in enumerate(values, 1) if any(word in value for value in each)]
        assert searched(session, f'{key} "{word}"') == expected, word


def test_bodies_of_the_corpus_are_found_by_their_text(library: tuple[Session, list[bytes]]) -> None:
    session, messages = library
    bodies = [body_of(each) for each in messages]

    for word in some_words(random.Random(1), bodies, 60):
        assert searched(session, f'BODY "{word}"') == [uid for uid, each in enumerate(bodies, 1) if word in each], word


def test_all_texts_of_the_corpus_are_found(library: tuple[Session, list[bytes]]) -> None:
    session, messages = library
    whole = [
        "\n".join(
            [*(f"{name}: {value}" for name, value in fields_of(each)), *map(fold, facts(each).filenames), body_of(each)]
        )
        for each in messages
    ]

    for word in some_words(random.Random(2), whole, 60):
        if "*" not in word:
            assert searched(session, f'TEXT "{word}"') == [uid for uid, each in enumerate(whole, 1) if word in each], (
                word
            )
