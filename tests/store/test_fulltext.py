"""Texts are found from the moment their message was stored; and whatever they are like, the index goes on."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from messages import new_message

from mailtrap.errors import StoreUnavailable
from mailtrap.message.facts import facts
from mailtrap.search.grammar import parse
from mailtrap.search.tree import Text
from mailtrap.store import fulltext
from mailtrap.store.records import NewMessage
from mailtrap.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from tests.store.conftest import Open


def found(store: SqliteStore, project: int, query: str) -> list[int]:
    return [each.number for each in store.messages(project, parse(query)).summaries]


def with_facts(project: int, octets: bytes) -> NewMessage:
    return replace(new_message(project, octets), facts=facts(octets))


def test_a_message_is_found_as_soon_as_it_is_stored(store: SqliteStore, project: int) -> None:
    for number in range(50):
        message = store.add(new_message(project, b"Subject: s\r\n\r\nnumber%d\r\n" % number)).result()

        assert found(store, project, f"number{number}") == [message.number]


def test_searches_from_many_threads_find_what_each_has_stored(store: SqliteStore, project: int) -> None:
    wrong: list[object] = []

    def add_and_search(thread: int) -> None:
        for number in range(10):
            word = f"thread{thread}n{number}x"
            message = store.add(new_message(project, f"\r\n{word}\r\n".encode())).result()
            if found(store, project, word) != [message.number]:
                wrong.append(word)

    threads = [threading.Thread(target=add_and_search, args=(thread,)) for thread in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_more_than_is_held_is_read_again(store: SqliteStore, project: int) -> None:
    rest = b"x" * (3 << 20)
    adding = [store.add(new_message(project, b"\r\nneedle%04d\r\n%b" % (number, rest))) for number in range(4)]
    adding += [store.add(new_message(project, b"\r\nneedle%04d\r\n" % number)) for number in range(4, 1200)]
    numbers = [each.result().number for each in adding]

    assert store.messages(project, parse("needle")).total == 1200
    for number in (0, 3, 777, 1199):
        assert found(store, project, f"needle{number:04}") == [numbers[number]]


def test_what_was_not_yet_indexed_when_the_store_closed_is_found_later(
    reopen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulltext, "QUIET", 3600.0)
    store = reopen()
    project = store.project("default").id
    numbers = [store.add(new_message(project, b"\r\nword%d\r\n" % at)).result().number for at in range(100)]
    deleted = store.messages(project).summaries[10]
    store.delete(project, [deleted.id])
    store = reopen()

    assert found(store, project, "word42") == [numbers[42]]
    assert store.messages(project, Text("any", "word")).total == 99
    store.add(new_message(project, b"\r\nword42\r\n")).result()
    store.delete_all(project)
    assert found(reopen(), project, "word42") == []


def test_ten_thousand_addresses_and_a_mebibyte_of_header_are_indexed(store: SqliteStore, project: int) -> None:
    many = ", ".join(f"user{number}@many.test" for number in range(10_000)).encode()
    addresses = with_facts(project, b"To: " + many + b"\r\n\r\nmany\r\n")
    header = with_facts(project, b"X-Long: " + b"word " * (1 << 18) + b"\r\nX-Last: tail\r\n\r\nbody of it\r\n")
    first, second = store.add(addresses).result(), store.add(header).result()

    assert found(store, project, "to:user1234@many.test") == [first.number]
    assert found(store, project, "to:many.test") == [first.number]
    assert found(store, project, "body") == [second.number]
    assert found(store, project, 'header:"X-Long=word word"') == [second.number]


def test_a_message_that_cannot_be_read_is_found_by_its_envelope_and_stops_nobody(
    store: SqliteStore, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fulltext.document

    def broken(octets: bytes, *rest: object) -> object:
        if octets.startswith(b"X-Bad"):
            raise RecursionError
        return made(octets, *rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(fulltext, "document", broken)
    bad = store.add(new_message(project, b"X-Bad: 1\r\n\r\nneedle\r\n", rcpt_to=("bad@x.test",))).result()
    good = store.add(new_message(project, b"\r\nneedle\r\n")).result()

    assert found(store, project, "needle") == [good.number]
    assert found(store, project, "rcpt:bad@x.test") == [bad.number]


def test_an_index_that_cannot_be_written_is_said_and_caught_up_with_later(
    store: SqliteStore, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(fulltext, "_DOCUMENT", "no SQL")
        message = store.add(new_message(project, b"\r\nneedle\r\n")).result()
        with pytest.raises(StoreUnavailable, match="the search index cannot be brought up to date"):
            found(store, project, "needle")
        assert store.messages(project).summaries == [message]

    assert found(store, project, "needle") == [message.number]


def test_few_segments_are_looked_at_however_many_were_written(store: SqliteStore, project: int) -> None:
    for number in range(120):
        store.add(new_message(project, b"\r\nword%d\r\n" % number)).result()
        assert found(store, project, f"word{number}")

    with store._readers.snapshot() as db:
        [segments] = db.execute("SELECT count(DISTINCT segid) FROM fulltext_idx").fetchone()
    assert segments < 60


def test_a_count_of_matches_has_a_limit(store: SqliteStore, project: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailtrap.store.lists.COUNTED", 20)
    monkeypatch.setattr("mailtrap.store.lists.COUNTED_IN_TEXTS", 10)
    for each in [store.add(new_message(project, b"\r\nword\r\n")) for _ in range(30)]:
        each.result()

    for query, counted in {"word": 10, "-absent": 10, "is:unread": 20}.items():
        page = store.messages(project, parse(query), limit=5)
        assert (len(page.summaries), page.total, page.total_is_lower_bound) == (5, counted, True)
    assert store.messages(project, limit=5).total == 30
