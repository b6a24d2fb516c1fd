"""What a session sees of a mailbox: one moment of it, and its entries with all that FETCH tells."""

from __future__ import annotations

import logging
import sqlite3
from datetime import date

import pytest
from chores import reclaim
from messages import HELLO, new_message, numbered

from mailtrap.bus import Event
from mailtrap.message.facts import facts
from mailtrap.message.parse import parse
from mailtrap.message.structure import bodystructure, envelope
from mailtrap.search.tree import All, Any, Header, Is, Not, Origins, Query, Size, Text
from mailtrap.store import fulltext, inside, outlines
from mailtrap.store.records import Flag, NewMessage
from mailtrap.store.sqlite import SqliteStore

ANN = "ann@x.test"
LETTER = b"Date: Fri, 21 Nov 1997 23:55:06 -0600\r\nFrom: Bob <bob@x.test>\r\nSubject: Hello\r\n\r\nHello, Ann.\r\n"
OUTLINE = (envelope(LETTER, parse(LETTER)), bodystructure(LETTER, parse(LETTER)))


def letter(project: int, octets: bytes = LETTER) -> NewMessage:
    new = new_message(project, octets)
    return NewMessage(project, "smtp", octets, facts(octets), new.envelope, new.accounts)


@pytest.fixture
def inbox(store: SqliteStore, project: int) -> int:
    """Ann's, with three messages."""
    for _ in range(3):
        store.add(letter(project)).result()
    return store.mailbox(project, ANN).id


def without_index(store: SqliteStore, number: int) -> bool:
    with store._readers.snapshot() as db:
        return db.execute("SELECT count(*) FROM outline WHERE message = ?", (number,)).fetchone() == (0,)


# -- view


def test_a_view_is_of_one_moment(store: SqliteStore, project: int, inbox: int) -> None:
    store.flag(inbox, [1, 2], add=Flag.SEEN, add_keywords=["b", "A"])
    store.flag(inbox, [3], add_keywords=["a"])
    store.remove(inbox, [1], "imap")
    events: list[Event] = []
    store.bus.subscribe(events.append)
    view = store.view(inbox)
    store.flag(inbox, [3], add=Flag.SEEN)

    there = store.mailbox(project, ANN)
    assert (view.uidvalidity, view.uidnext, view.uids, view.unseen) == (there.uidvalidity, 4, [2, 3], 3)
    assert [keyword.lower() for keyword in view.keywords] == ["a", "b"]
    assert [event.modseq > view.modseq for event in events] == [True]
    assert view.highest_modseq == view.modseq < there.highest_modseq
    assert store.view(inbox).unseen is None


def test_what_a_floor_has_left_is_all_that_a_view_has(store: SqliteStore, project: int, inbox: int) -> None:
    store.flag(inbox, [1, 2], add=Flag.DELETED, add_keywords=["gone"])
    pinned = store.messages(project).summaries[1]
    store.update(project, [pinned.id], pinned=True)
    store.flag(inbox, [2], add_keywords=["kept"], remove_keywords=["gone"])
    store.delete_all(project)
    store.add(letter(project)).result()

    view = store.view(inbox)
    assert (view.uids, view.keywords, store.keywords(inbox)) == ([2, 4], ("kept",), ("kept",))
    assert store.deleted(inbox) == [2]
    assert store.mailbox(project, ANN).deleted == 1
    assert store.view(store.mailbox(project, "catchall").id).uids == [2, 4]


# -- fetch


def test_what_is_not_there_is_left_out(store: SqliteStore, project: int, inbox: int) -> None:
    [message] = [each for each in store.messages(project).summaries if each.number == 2]
    store.delete(project, [message.id])

    assert store.fetch(4711, [1]) == store.fetch(inbox, []) == store.fetch(inbox, [0, 9, -1, 1 << 40]) == []
    assert [each.uid for each in store.fetch(inbox, [3, 2, 1, 1])] == [1, 3]
    assert store.raw([]) == store.raw([0, 4711, message.number]) == {}
    assert store.sent_dates(inbox, [2, 9]) == {}


def test_entries_are_fetched_by_ranges_and_one_by_one(store: SqliteStore, project: int, inbox: int) -> None:
    for _ in range(20):
        store.add(letter(project)).result()
    for uids in ([5], [4, 5, 6], [6, 5, 4], [1, 23], list(range(1, 24)), [2, 4, 4, 5], [22, 23, 24, 25]):
        found = store.fetch(inbox, uids)
        assert [each.uid for each in found] == sorted(set(uids) & set(range(1, 24)))
        assert found == [each for each in store.fetch(inbox, list(range(1, 24))) if each.uid in uids]


def test_what_is_fetched_is_what_the_entry_says(store: SqliteStore, project: int, inbox: int) -> None:
    store.flag(inbox, [2], add=Flag.FLAGGED, add_keywords=["$Work", "b"])

    [entry] = store.entries(inbox, after=1, limit=1)
    [fetched] = store.fetch(inbox, [2])
    assert fetched[:5] == (2, entry.number, entry.modseq, Flag.FLAGGED, "$Work b")
    assert (fetched.at, fetched.size) == (round(entry.received_at.timestamp() * 1e6), len(LETTER))
    assert fetched[7:] == (None, None)


def test_a_removed_entry_is_fetched_as_long_as_its_message_is_there(
    store: SqliteStore, project: int, inbox: int
) -> None:
    store.remove(inbox, [1, 3], "pop3")
    there = store.fetch(inbox, [1, 2, 3], outline=True)
    store.delete(project, [store.messages(project).summaries[0].id])

    assert [(each.uid, each.envelope) for each in there] == [(uid, OUTLINE[0]) for uid in (1, 2, 3)]
    assert [each.uid for each in store.fetch(inbox, [1, 2, 3])] == [1, 2]


def test_an_outline_is_there_before_the_index_is(
    store: SqliteStore, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulltext, "QUIET", 3600.0)
    number = store.add(letter(project)).result().number
    inbox = store.mailbox(project, ANN).id
    [early] = store.fetch(inbox, [1], outline=True)
    assert without_index(store, number)
    store.search(inbox, Text("body", "hello"))
    assert not without_index(store, number)
    [late] = store.fetch(inbox, [1], outline=True)

    assert early == late
    assert early[7:] == OUTLINE


def test_outlines_that_an_older_database_has_none_of_are_made_once(
    store: SqliteStore, inbox: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store._fulltext.catch_up()
    store._writer.submit(lambda batch: batch.db.execute("DELETE FROM outline")).result()
    first = store.fetch(inbox, [1, 2, 3], outline=True)
    store._writer.submit(lambda batch: None).result()  # what was submitted before it is done
    monkeypatch.setattr(outlines, "envelope", None)  # which nobody needs any more

    assert [each[7:] for each in first] == [OUTLINE] * 3
    assert store.fetch(inbox, [1, 2, 3], outline=True) == first


def test_an_outline_that_cannot_be_made_stops_nothing(
    store: SqliteStore, project: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(octets: bytes, structure: object) -> bytes:
        if b"bad" in octets:
            raise RecursionError
        return b"(made)"

    monkeypatch.setattr(outlines, "bodystructure", broken)
    with caplog.at_level(logging.ERROR):
        for octets in (LETTER, LETTER + b"bad", LETTER):
            store.add(letter(project, octets)).result()
        inbox = store.mailbox(project, ANN).id

        assert store.search(inbox, Text("body", "hello")) == [1, 2, 3]
        assert [each.bodystructure for each in store.fetch(inbox, [1, 2, 3], outline=True)] == [
            b"(made)",
            None,
            b"(made)",
        ]
    assert "message 2 has no outline" in caplog.text


def test_nothing_is_left_of_the_outline_of_a_deleted_message(store: SqliteStore, project: int, inbox: int) -> None:
    store._fulltext.catch_up()
    store.delete(project, [each.id for each in store.messages(project).summaries])
    reclaim(store)

    assert all(without_index(store, number) for number in (1, 2, 3))


# -- raw and dates


def test_octets_are_read_many_at_a_time(store: SqliteStore, project: int) -> None:
    wanted = [b"", HELLO, numbered(7), bytes(1 << 18), b"x" * ((1 << 18) + 1)]
    numbers = [store.add(new_message(project, octets)).result().number for octets in wanted]

    assert store.raw([*reversed(numbers), 4711, numbers[1]]) == dict(zip(numbers, wanted, strict=True))


def test_octets_of_a_deleted_message_are_not_read_even_before_their_space_is_back(
    store: SqliteStore, project: int
) -> None:
    message = store.add(new_message(project, bytes(5 << 20))).result()
    store._writer.submit(lambda batch: batch.db.execute("DELETE FROM message")).result()

    assert store.raw([message.number]) == {}


@pytest.mark.parametrize(
    ("field", "day"),
    [
        (b"", None),
        (b"Date: soon\r\n", None),
        (b"Date: Fri, 21 Nov 1997 23:55:06 -0600\r\n", date(1997, 11, 21)),
        (b"Date: Sat, 22 Nov 1997 00:05:06 +1400\r\n", date(1997, 11, 22)),
        (b"Date: 1 Jan 1900 00:00:00 +1400\r\n", date(1900, 1, 1)),
    ],
)
def test_the_day_is_that_of_the_date_field_whatever_its_zone(
    store: SqliteStore, project: int, field: bytes, day: date | None
) -> None:
    store.add(letter(project, field + LETTER.partition(b"\r\n")[2])).result()
    inbox = store.mailbox(project, ANN).id

    assert store.sent_dates(inbox, [1, 2]) == {1: day}


# -- search


@pytest.mark.parametrize("few", [0, 100])
def test_a_mailbox_is_searched_for_what_was_just_stored_and_nothing_else(
    store: SqliteStore, project: int, inbox: int, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(inside, "_FEW", few)
    store.add(letter(store.new_project().id, b"\r\nneedle\r\n")).result()
    store.add(new_message(project, b"\r\nneedle\r\n", rcpt_to=("bob@x.test",))).result()
    store.remove(inbox, [2], "imap")
    needle, absent = Text("body", "needle"), Text("body", "nowhere to be found")
    assert store.search(inbox, needle) == []
    store.add(letter(project, b"X-Mark: Needle\r\n\r\na needle\r\n")).result()

    for query, uids in {
        needle: [4],
        Text("headers", "x-mark: need"): [4],
        Header("x-mark"): [4],
        Not(needle): [1, 3],
        Not(absent): [1, 3, 4],
        Any((absent, Size(smaller=50))): [4],
        Any((absent, Text("headers", "bob"))): [1, 3],
        All((Not(absent), Not(needle))): [1, 3],
        Not(Any((needle, absent))): [1, 3],
        All(): [1, 3, 4],
        Any(()): [],
        Origins(("append",)): [],
        Is("unread"): [1, 3, 4],
    }.items():
        assert store.search(inbox, query) == uids, query


@pytest.mark.parametrize("few", [0, 100])
def test_a_search_may_be_as_deep_and_as_long_as_a_client_can_say(
    store: SqliteStore, inbox: int, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(inside, "_FEW", few)
    hello, absent = Text("body", "hello"), Text("body", "nowhere to be found")
    chain: Query = hello
    other: Query = hello
    for number in range(100):
        chain = Any((Text("headers", f"word{number}"), chain))
        other = All((Not(absent), Any((absent, Size(larger=10_000), other))))

    for query, uids in (
        (chain, [1, 2, 3]),
        (other, [1, 2, 3]),
        (Not(other), []),
        (Not(Not(Not(chain))), []),
        (Any((hello,) * 2000), [1, 2, 3]),
        (All((hello,) * 2000), [1, 2, 3]),
        (Any((absent,) * 2000), []),
    ):
        assert store.search(inbox, query) == uids


def test_no_statement_stays_open(store: SqliteStore, project: int, inbox: int) -> None:
    store.view(inbox)
    store.fetch(inbox, [1], outline=True)
    store.raw([1, 2])
    store.search(inbox, Text("body", "hello"))
    store.mailboxes(project, ANN)

    assert not any(db.in_transaction for db in store._readers.all)
    with sqlite3.connect(store._directory.file) as db:
        busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    db.close()
    assert busy == 0
