"""What is read: pages, one message, its octets; and that nothing stays open afterwards."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from chores import reclaim
from messages import HELLO, new_message

from mailtrap.envelope import Address
from mailtrap.errors import Gone, NotFound, StoreUnavailable
from mailtrap.message.summary import Summary
from mailtrap.search.grammar import parse
from mailtrap.search.tree import All
from mailtrap.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from tests.store.conftest import Open

SLICE = 1 << 18


def add(store: SqliteStore, project: int, count: int = 1) -> list[Summary]:
    """So many messages, oldest first."""
    return [each.result() for each in [store.add(new_message(project)) for _ in range(count)]]


@pytest.mark.parametrize("number", [0, 1, -1, 1 << 40])
def test_a_message_that_is_not_there_has_no_octets(store: SqliteStore, number: int) -> None:
    for read in (store.octets, store.filings, lambda number: list(store.slices(number))):
        with pytest.raises(NotFound):
            read(number)


def test_an_unknown_project_is_not_found(store: SqliteStore) -> None:
    with pytest.raises(NotFound):
        store.messages(4711)
    with pytest.raises(NotFound):
        store.add(new_message(4711)).result()


def test_a_message_of_another_project_is_not_found(store: SqliteStore, project: int) -> None:
    [message] = add(store, store.new_project().id)

    with pytest.raises(NotFound):
        store.summary(project, message.id)
    assert store.messages(project).summaries == []


def test_a_message_is_seen_by_those_it_was_filed_for(store: SqliteStore, project: int) -> None:
    [message] = add(store, project)

    assert store.summary(project, message.id, account="Ann@X.test") == message
    with pytest.raises(NotFound):
        store.summary(project, message.id, account="bob@x.test")


def test_pages_lead_from_the_newest_to_the_oldest(store: SqliteStore, project: int) -> None:
    messages = add(store, project, 7)

    found: list[Summary] = []
    before = None
    while True:
        page = store.messages(project, before=before, limit=3)
        found += page.summaries
        assert (page.total, page.total_is_lower_bound, page.cursor) == (7, False, messages[-1].modseq)
        if (before := page.next) is None:
            break
    assert found == messages[::-1]


def test_a_page_since_a_cursor_has_what_came_after_it(store: SqliteStore, project: int) -> None:
    messages = add(store, project, 5)
    store.update(project, [messages[0].id], pinned=True)
    cursor = store.cursor()
    [late] = add(store, project)

    assert store.messages(project, since=cursor).summaries == [late]
    assert store.messages(project, since=late.modseq).summaries == []
    for at, message in enumerate(messages):
        page = store.messages(project, All(), since=message.modseq, limit=2)
        assert page.total == len(messages) - at
        assert [each.id for each in page.summaries] == [each.id for each in [*messages[at + 1 :], late][::-1]][:2]
    assert store.messages(project, since=0).total == 6


def test_a_count_of_matches_goes_on_behind_the_page(store: SqliteStore, project: int) -> None:
    add(store, project, 5)

    page = store.messages(project, parse("is:unread"), limit=2)

    assert (len(page.summaries), page.total, page.total_is_lower_bound) == (2, 5, False)


def test_what_was_appended_is_listed_for_its_account_alone(store: SqliteStore, project: int) -> None:
    add(store, project)
    draft = store.add(new_message(project, origin="append")).result()

    assert store.messages(project).total == 1
    assert store.messages(project, account="ann@x.test").summaries[0] == draft
    assert store.messages(project, account="ann@x.test", limit=1).total == 2
    assert draft.envelope is None


def test_names_in_any_form_are_one_account(store: SqliteStore, project: int) -> None:
    message = store.add(new_message(project, rcpt_to=("Bob@B\udcffcher.test", "bob@xn--bcher-kva.test"))).result()

    assert message.accounts == ("catchall", "bob@b�cher.test", "bob@bücher.test")
    assert store.account(project, "BOB@bücher.test").messages == 1
    assert store.mailbox(project, "bob@xn--bcher-kva.test").messages == 1
    assert [each.name for each in store.accounts(project, contains="Cher")] == sorted(message.accounts[1:])


@pytest.mark.parametrize("size", [0, 1, SLICE - 1, SLICE, SLICE + 1, 3 * SLICE + 7])
def test_octets_are_read_whole_in_slices_and_in_part(store: SqliteStore, project: int, size: int) -> None:
    octets = bytearray(at * 7 % 251 for at in range(size))
    number = store.add(new_message(project, octets)).result().number

    slices = list(store.slices(number))

    assert store.octets(number) == octets == b"".join(slices)
    assert all(0 < len(each) <= SLICE for each in slices)
    for start, stop in ((0, 0), (0, 1), (size - 1, size), (size // 2, None), (SLICE - 1, SLICE + 1), (size, size + 9)):
        assert store.octets(number, max(start, 0), stop) == octets[max(start, 0) : stop]


def test_a_message_given_up_half_way_keeps_nothing_from_being_written_back(reopen: Open) -> None:
    store = reopen()
    project = store.project("default").id
    number = store.add(new_message(project, bytes(3 * SLICE))).result().number
    half = store.slices(number)
    next(half)
    for _ in range(20):
        store.add(new_message(project)).result()

    with sqlite3.connect(store._directory.file) as other:
        busy, pages, copied = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    other.close()
    assert (busy, pages, copied) == (0, 0, 0)
    assert len(next(half)) == SLICE


def test_what_is_deleted_while_it_is_read_ends_with_not_found(store: SqliteStore, project: int) -> None:
    message = store.add(new_message(project, bytes(3 * SLICE))).result()
    half = store.slices(message.number)
    next(half)
    store.delete(project, [message.id])
    reclaim(store)

    with pytest.raises(NotFound):
        next(half)


def test_what_is_gone_says_when_and_why(store: SqliteStore, project: int) -> None:
    deleted, expired, floored = add(store, project, 3)
    before = datetime.now(UTC)
    store.delete(project, [deleted.id])
    store.delete(project, [expired.id], "expired")
    store.delete_all(project)

    for message, why in ((deleted, "deleted"), (expired, "expired"), (floored, "deleted")):
        with pytest.raises(Gone) as gone:
            store.summary(project, message.id)
        assert gone.value.why == why
        assert abs(gone.value.when - before) < timedelta(minutes=5)


def test_times_and_ids_that_are_given_are_kept(store: SqliteStore, project: int) -> None:
    when = datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC)
    message = store.add(
        new_message(project, message_id="kept", received_at=when, tags=("b", "a"), session="s", origin="import")
    ).result()

    assert store.summary(project, "kept") == message
    assert (message.received_at, message.tags, message.session) == (when, ("a", "b"), "s")
    assert message.envelope is not None
    assert message.envelope.mail_from == Address("app@shop.test")


def test_the_order_is_that_of_arrival_whatever_the_clock_says(store: SqliteStore, project: int) -> None:
    for year in (2030, 1970, 2000):
        store.add(new_message(project, received_at=datetime(year, 1, 1, tzinfo=UTC))).result()

    assert [each.received_at.year for each in store.messages(project).summaries] == [2000, 1970, 2030]


def test_a_closed_store_says_so(reopen: Open) -> None:
    store = reopen()
    project = store.project("default").id
    store.close()
    store.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        store.cursor()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.add(new_message(project, HELLO)).result()
