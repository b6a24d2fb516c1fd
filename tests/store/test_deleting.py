"""Deleted, expired, removed: what is gone, what is remembered of it, and that its space comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from chores import reclaim
from messages import new_message
from steps import steps

from mailtrap.bus import Deleted, Event
from mailtrap.errors import Gone, NotFound
from mailtrap.message.summary import Summary
from mailtrap.search.grammar import parse
from mailtrap.store import deletion
from mailtrap.store.records import Flag
from mailtrap.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from tests.store.conftest import Open

TEXT = b"Subject: order\r\n\r\n" + b" ".join(b"word%d" % number for number in range(400))


def rows(store: SqliteStore) -> dict[str, int]:
    """How many rows the tables have that grow with messages."""
    names = ("message", "raw", "entry", "filed", "tag", "document", "outline", "purge")
    with store._readers.snapshot() as db:
        return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


def add(store: SqliteStore, project: int, count: int, octets: bytes = TEXT) -> list[Summary]:
    return [each.result() for each in [store.add(new_message(project, octets, tags=("a",))) for _ in range(count)]]


def test_unknown_projects_mailboxes_and_ids_change_nothing(store: SqliteStore, project: int) -> None:
    for change in (
        lambda: store.delete(4711, ["x"]),
        lambda: store.delete_all(4711),
        lambda: store.update(4711, ["x"], seen=True),
        lambda: store.flag(4711, [1], add=Flag.SEEN),
        lambda: store.remove(4711, [1], "imap"),
    ):
        with pytest.raises(NotFound):
            change()
    cursor = store.cursor()

    assert store.delete(project, ["x", "", "\0", "\udc80"]) == store.delete(project, []) == 0
    assert store.update(project, ["x"], seen=True, pinned=True, add_tags=["a"]) == 0
    assert store.delete_all(project) == 0
    assert store.cursor() == cursor + 1


def test_a_message_of_another_project_is_not_deleted(store: SqliteStore, project: int) -> None:
    [message] = add(store, project, 1)
    other = store.new_project().id

    assert store.delete(other, [message.id]) == store.update(other, [message.id], seen=True) == 0
    assert store.delete_all(other) == 0
    assert store.messages(project).summaries == [message]


@pytest.mark.parametrize("how", ["one by one", "all at once"])
def test_nothing_is_left_of_what_was_deleted(store: SqliteStore, project: int, how: str) -> None:
    messages = add(store, project, 30)
    large = store.add(new_message(project, bytes(5 << 20))).result()
    assert store.messages(project, parse("word399")).total == 30
    if how == "one by one":
        assert store.delete(project, [each.id for each in [*messages, large]]) == 31
    else:
        assert store.delete_all(project) == 31
    size = store._directory.file.stat().st_size
    reclaim(store)

    assert set(rows(store).values()) == {0}
    assert store.messages(project, parse("word399")).total == 0
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert store._directory.file.stat().st_size < max(size, 5 << 20)


def test_what_is_pinned_outlives_everything_but_its_own_deletion(store: SqliteStore, project: int) -> None:
    pinned, other = add(store, project, 2)
    store.update(project, [pinned.id], pinned=True)
    assert store.delete_all(project) == 1
    reclaim(store)

    assert store.octets(pinned.number) == TEXT
    assert [each.id for each in store.messages(project, parse("is:pinned word399")).summaries] == [pinned.id]
    with pytest.raises(Gone):
        store.summary(project, other.id)
    assert store.delete(project, [pinned.id]) == 1
    reclaim(store)
    assert set(rows(store).values()) == {0}


def test_what_came_after_the_floor_is_above_it(store: SqliteStore, project: int) -> None:
    add(store, project, 3)
    store.delete_all(project)
    [late] = add(store, project, 1)

    assert store.messages(project).summaries == [late]
    assert store.mailbox(project, "ann@x.test").uidnext == 5
    assert [each.uid for each in store.entries(store.mailbox(project, "ann@x.test").id)] == [4]


def test_row_numbers_are_never_used_again(reopen: Open) -> None:
    store = reopen()
    project = store.project("default").id
    first = add(store, project, 3)[-1]
    store.delete_all(project)
    reclaim(store)
    store = reopen()
    [second] = add(store, project, 1)
    store.delete(project, [second.id])
    reclaim(store)
    [third] = add(reopen(), project, 1)

    assert first.number < second.number < third.number
    assert first.modseq < second.modseq < third.modseq


def test_an_id_that_was_deleted_can_be_imported_again(store: SqliteStore, project: int) -> None:
    for _ in range(2):
        store.add(new_message(project, message_id="kept")).result()
        store.delete(project, ["kept"])
        store.add(new_message(project, message_id="kept")).result()
        store.delete_all(project)
    message = store.add(new_message(project, message_id="kept")).result()

    assert store.summary(project, "kept") == message


def test_a_temporary_store_lets_the_oldest_go_but_for_what_is_pinned() -> None:
    store = SqliteStore(keep_octets=100_000)
    heard: list[Event] = []
    project = store.new_project().id
    messages = add(store, project, 2, b"x" * 9000)
    store.update(project, [messages[0].id], pinned=True)
    store.bus.subscribe(heard.append)
    for _ in range(5):
        messages += add(store, project, 5, b"x" * 9000)
    reclaim(store)

    there = store.messages(project, limit=200).summaries
    assert sum(each.facts.size for each in there) <= 100_000
    assert [each.id for each in there] == [each.id for each in [messages[0], *messages[-len(there) + 1 :]][::-1]]
    with pytest.raises(Gone, match="was expired at"):
        store.summary(project, messages[1].id)
    expired = [event for event in heard if isinstance(event, Deleted)]
    assert {event.why for event in expired} == {"expired"}
    assert [name for event in expired for name in event.ids] == [each.id for each in messages[1 : -len(there) + 1]]
    store.close()


def test_a_store_full_of_pinned_messages_goes_on(project: int) -> None:
    store = SqliteStore(keep_octets=10_000)
    project = store.new_project().id
    for message in add(store, project, 3, b"x" * 3000):
        store.update(project, [message.id], pinned=True)
    late = [store.add(new_message(project, b"y" * 9000)).result() for _ in range(3)]
    reclaim(store)

    assert store.messages(project, parse("is:pinned")).total == 3
    assert {each.id for each in store.messages(project, parse("-is:pinned")).summaries} <= {each.id for each in late}
    store.close()


def test_chores_have_their_turn_where_there_is_no_quiet_moment(store: SqliteStore, project: int) -> None:
    add(store, project, 5)
    store.delete_all(project)
    other = store.new_project().id
    messages = 0
    while rows(store)["purge"] or rows(store)["message"] > messages:
        messages += len(add(store, other, 20))

    assert store.messages(other, limit=1).total == messages


def test_the_log_of_what_was_expunged_goes_back_only_so_far(store: SqliteStore, project: int) -> None:
    for each in [store.add(new_message(project)) for _ in range(2200)]:
        each.result()
    inbox = store.mailbox(project, "ann@x.test").id
    start = store.cursor()
    middle = store.remove(inbox, range(1, 1000, 2), "imap")
    last = store.remove(inbox, range(1001, 2200, 2), "pop3")

    assert store.expunged_since(inbox, last) == []
    assert store.expunged_since(inbox, start) is None
    assert store.expunged_since(inbox, middle) in (None, [(uid, uid) for uid in range(1001, 2200, 2)])
    assert [each.uid for each in store.entries(inbox, limit=3)] == [2, 4, 6]


def test_the_index_keeps_nothing_of_what_is_gone(store: SqliteStore, project: int) -> None:
    for turn in range(2):
        for each in [store.add(new_message(project, TEXT + b" turn%d" % turn)) for _ in range(1100)]:
            each.result()
        assert store.messages(project, parse(f"turn{turn}")).total == 1100
        found = [each.id for page in pages(store, project) for each in page]
        store.delete(project, found[10:])
        reclaim(store)

    assert store.messages(project, parse("turn0")).total == 0
    assert store.messages(project, parse("turn1")).total == 10
    with store._readers.snapshot() as db:
        [octets] = db.execute("SELECT sum(length(block)) FROM fulltext_data").fetchone()
    assert octets < 1_000_000  # with all that was ever in it, it would be 3,000,000


def test_to_delete_everything_takes_as_many_steps_with_few_as_with_many(store: SqliteStore) -> None:
    counts = []
    for count in (50, 2000):
        project = store.new_project().id
        for each in [store.add(new_message(project)) for _ in range(count)]:
            each.result()
        counts.append(steps(store, lambda batch, project=project: deletion.delete_all(batch, project)))  # type: ignore[misc]  # a default

    assert counts[1] <= counts[0] + 5


def pages(store: SqliteStore, project: int) -> Iterator[list[Summary]]:
    """All messages, newest first."""
    before = None
    while True:
        page = store.messages(project, before=before, limit=200)
        yield page.summaries
        before = page.next
        if before is None:
            return
