"""Appended, copied, moved: what gets where, what stays, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from messages import HELLO, new_message, numbered

from mailtrap.bus import Added, Copied, Deleted, Event, Filed, Removed
from mailtrap.errors import Gone, NotFound
from mailtrap.message.facts import facts
from mailtrap.search.tree import Text
from mailtrap.store.records import Entry, Flag
from mailtrap.store.sqlite import SqliteStore

ANN = "ann@x.test"
LONG_AGO = datetime(1997, 11, 21, 9, 55, 6, tzinfo=UTC)


@pytest.fixture
def inbox(store: SqliteStore, project: int) -> int:
    """Ann's, with three messages."""
    for _ in range(3):
        store.add(new_message(project)).result()
    return store.mailbox(project, ANN).id


@pytest.fixture
def kept(store: SqliteStore, project: int) -> int:
    """Another mailbox of hers."""
    return store.make_mailbox(project, ANN, "Kept").id


def state(entry: Entry) -> tuple[int, Flag, tuple[str, ...]]:
    return entry.number, entry.flags, entry.keywords


# -- APPEND


def test_nothing_is_appended_to_a_mailbox_that_is_not_there(store: SqliteStore, project: int) -> None:
    with pytest.raises(NotFound):
        store.append(4711, new_message(project))

    assert store.messages(project).total == 0


def test_an_appended_message_is_in_its_mailbox_alone(store: SqliteStore, project: int, kept: int) -> None:
    heard: list[Event] = []
    store.bus.subscribe(heard.append)
    new = replace(new_message(4711, rcpt_to=("bob@x.test",), tags=("draft",)), received_at=LONG_AGO)
    filed = store.append(kept, new, flags=Flag.SEEN | Flag.DRAFT, keywords=["$MDNSent", "$mdnsent"])

    [entry] = store.entries(kept)
    assert (filed, entry.uid, entry.received_at) == (Filed(kept, 1), 1, LONG_AGO)
    assert (entry.flags, entry.keywords, entry.size) == (Flag.SEEN | Flag.DRAFT, ("$MDNSent",), len(HELLO))
    [summary] = store.messages(project, account=ANN).summaries
    assert (summary.origin, summary.accounts, summary.envelope, summary.seen) == ("append", (ANN,), None, True)
    assert summary.tags == ("draft",)
    [event] = heard
    assert isinstance(event, Added)
    assert (event.project, event.summary, event.filed, event.octets()) == (project, summary, (filed,), HELLO)
    assert store.messages(project).total == store.messages(project, account="bob@x.test").total == 0
    assert [(each.name, each.messages, each.unseen, each.last_arrival) for each in store.accounts(project)] == [
        (ANN, 1, 0, None)
    ]


def test_an_appended_message_is_found_in_its_mailbox_by_its_text(
    store: SqliteStore, project: int, inbox: int, kept: int
) -> None:
    octets = b"Subject: draft\r\n\r\nto be continued\r\n"
    store.append(kept, replace(new_message(project, octets), facts=facts(octets)))

    assert store.search(kept, Text("body", "be continued")) == store.search(kept, Text("headers", "draft")) == [1]
    assert store.search(inbox, Text("body", "be continued")) == []


def test_an_appended_message_goes_with_its_last_entry(store: SqliteStore, project: int, inbox: int, kept: int) -> None:
    store.append(kept, new_message(project))
    [message] = [each for each in store.messages(project, account=ANN).summaries if each.origin == "append"]
    [(_, uid)] = store.copy(kept, [1], inbox)
    store.remove(kept, [1], "imap")
    assert store.octets(message.number) == HELLO
    heard: list[Event] = []
    store.bus.subscribe(heard.append)
    store.remove(inbox, [uid], "imap")

    assert [type(event) for event in heard] == [Removed, Deleted]
    with pytest.raises(Gone):
        store.summary(project, message.id)
    assert store.account(project, ANN).messages == 3


def test_a_large_message_is_appended_whole(store: SqliteStore, project: int, kept: int) -> None:
    octets = bytearray(b"Subject: large\r\n\r\n" + bytes(range(256)) * 5000)
    store.append(kept, new_message(project, octets))

    [entry] = store.entries(kept)
    assert store.octets(entry.number) == store.raw([entry.number])[entry.number] == bytes(octets)


# -- COPY and MOVE


@pytest.mark.parametrize("how", ["copy", "move"])
def test_what_has_no_place_to_go_stays(store: SqliteStore, project: int, inbox: int, kept: int, how: str) -> None:
    do = getattr(store, how)
    elsewhere = store.open_mailbox(store.new_project().id, ANN, "INBOX").id
    store.delete_mailbox(project, ANN, "Kept")
    for target in (4711, kept, elsewhere):
        with pytest.raises(NotFound):
            do(inbox, [1, 2], target)
    with pytest.raises(NotFound):
        do(4711, [1], inbox)

    assert store.view(inbox).uids == [1, 2, 3]
    assert do(inbox, [], inbox) == do(inbox, [9, 0], inbox) == []


def test_copies_have_flags_keywords_and_dates_and_ascending_uids(
    store: SqliteStore, project: int, inbox: int, kept: int
) -> None:
    store.flag(inbox, [2], add=Flag.SEEN | Flag.DELETED, add_keywords=["$Work"])
    store.remove(inbox, [1], "pop3")
    heard: list[Event] = []
    store.bus.subscribe(heard.append)
    assert store.copy(inbox, [3, 2, 1, 2], kept) == [(2, 1), (3, 2)]

    assert list(map(state, store.entries(kept))) == list(map(state, store.entries(inbox)))
    assert [each.received_at for each in store.entries(kept)] == [each.received_at for each in store.entries(inbox)]
    [event] = heard
    numbers = tuple(entry.number for entry in store.entries(kept))
    ids = {each.number: each.id for each in store.messages(project).summaries}
    assert event == Copied(project, store.cursor(), kept, (1, 2), numbers, tuple(ids[number] for number in numbers))
    assert {entry.modseq for entry in store.entries(kept)} == {event.modseq}
    account = store.account(project, ANN)
    assert (account.messages, account.unseen) == (3, 2)


def test_a_copy_is_read_on_its_own_but_its_message_was_seen(
    store: SqliteStore, project: int, inbox: int, kept: int
) -> None:
    store.copy(inbox, [1], kept)
    store.flag(kept, [1], add=Flag.SEEN)

    assert store.entries(inbox)[0].flags == Flag(0)
    assert (store.mailbox(project, ANN).unseen, store.mailbox(project, ANN, "Kept").unseen) == (3, 0)
    assert store.account(project, ANN).unseen == 2


def test_a_message_is_copied_to_the_mailbox_that_it_is_in(store: SqliteStore, project: int, inbox: int) -> None:
    assert store.copy(inbox, [2, 3], inbox) == [(2, 4), (3, 5)]
    assert store.move(inbox, [1, 4], inbox) == [(1, 6), (4, 7)]

    first, second, third = (store.fetch(inbox, [uid])[0].number for uid in (6, 2, 3))
    assert [(each.uid, each.number) for each in store.entries(inbox)] == [
        (2, second),
        (3, third),
        (5, third),
        (6, first),
        (7, second),
    ]
    there = store.mailbox(project, ANN)
    assert (there.messages, there.unseen, there.size, there.uidnext) == (5, 5, 5 * len(HELLO), 8)
    assert store.account(project, ANN).messages == 3


def test_a_move_is_a_copy_and_a_removal_at_once(store: SqliteStore, project: int, inbox: int, kept: int) -> None:
    heard: list[Event] = []
    store.bus.subscribe(heard.append)
    assert store.move(inbox, [1, 3], kept) == [(1, 1), (3, 2)]

    copied, removed = heard
    assert isinstance(copied, Copied)
    assert isinstance(removed, Removed)
    assert (copied.mailbox, copied.uids, copied.ids) == (kept, (1, 2), removed.ids)
    assert (removed.mailbox, removed.uids) == (inbox, (1, 3))
    assert store.view(inbox).uids == [2]
    assert store.expunged_since(inbox, copied.modseq) == [(1, 1), (3, 3)]
    number = store.fetch(kept, [1])[0].number
    filings = {(each.mailbox, each.uid): each.removed_by for each in store.filings(number) if each.account == ANN}
    assert filings == {("INBOX", 1): "imap", ("Kept", 1): ""}
    assert store.messages(project).total == 3


def test_a_moved_draft_is_not_deleted(store: SqliteStore, project: int, inbox: int, kept: int) -> None:
    store.append(kept, new_message(project, numbered(1)), flags=Flag.DRAFT)
    store.move(kept, [1], inbox)

    [entry] = store.entries(inbox, after=3)
    assert (store.octets(entry.number), entry.flags) == (numbered(1), Flag.DRAFT)


@pytest.mark.parametrize("how", ["copy", "move"])
def test_what_is_put_into_another_accounts_mailbox_is_a_message_of_its_own(
    store: SqliteStore, project: int, inbox: int, how: str
) -> None:
    bobs = store.open_mailbox(project, "bob@x.test", "From Ann").id
    store.flag(inbox, [1], add=Flag.SEEN, add_keywords=["$Work"])
    heard: list[Event] = []
    store.bus.subscribe(heard.append)
    assert getattr(store, how)(inbox, [1, 2], bobs) == [(1, 1), (2, 2)]

    copies = store.entries(bobs)
    assert [(each.flags, each.keywords) for each in copies] == [(Flag.SEEN, ("$Work",)), (Flag(0), ())]
    old = store.fetch(inbox, [1, 2])
    assert not {each.number for each in copies} & {each.number for each in old}
    for copy, original in zip(copies, old, strict=True):
        assert store.octets(copy.number) == store.octets(original.number)
        assert copy.received_at.timestamp() * 1e6 == pytest.approx(original.at)
    assert [each.accounts for each in store.messages(project, account="bob@x.test").summaries] == [("bob@x.test",)] * 2
    assert [each.accounts for each in store.messages(project).summaries] == [("catchall", ANN)] * 3
    assert store.view(inbox).uids == ([1, 2, 3] if how == "copy" else [3])
    assert [type(event) for event in heard] == [Added, Added] + ([Removed] if how == "move" else [])


# -- flags


def test_replaced_flags_are_exactly_those_that_were_given(store: SqliteStore, project: int, inbox: int) -> None:
    store.flag(inbox, [1, 2], add=Flag.SEEN | Flag.DELETED, add_keywords=["$Work", "later"])
    before = store.flag(inbox, [1], add=Flag.DELETED, add_keywords=["$work"], replace=True)

    assert [state(entry)[1:] for entry in store.entries(inbox, limit=2)] == [
        (Flag.DELETED, ("$Work",)),
        (Flag.SEEN | Flag.DELETED, ("$Work", "later")),
    ]
    assert store.deleted(inbox) == [1, 2]
    assert store.mailbox(project, ANN).unseen == 2
    assert store.flag(inbox, [1], add=Flag.DELETED, add_keywords=["$WORK"], replace=True) == before
    store.flag(inbox, [1, 2, 3], replace=True)
    assert [state(entry)[1:] for entry in store.entries(inbox)] == [(Flag(0), ())] * 3
    assert (store.keywords(inbox), store.deleted(inbox)) == ((), [])


def test_flags_can_be_set_without_waiting_for_it(store: SqliteStore, project: int, inbox: int) -> None:
    flagging = store.flagging(inbox, [1, 3, 9], Flag.SEEN)

    assert flagging.result() == store.cursor()
    assert [entry.flags for entry in store.entries(inbox)] == [Flag.SEEN, Flag(0), Flag.SEEN]
    with pytest.raises(NotFound):
        store.flagging(4711, [1], Flag.SEEN).result()
