"""Mailboxes of an account: made, opened, renamed, deleted, subscribed to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from messages import new_message

from mailtrap.bus import Copied, Event, Removed
from mailtrap.errors import AlreadyExists, NotFound
from mailtrap.store.records import Flag
from mailtrap.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from tests.store.conftest import Open

ANN = "ann@x.test"


def names(store: SqliteStore, project: int, account: str = ANN) -> list[str]:
    return [each.name for each in store.mailboxes(project, account)]


def put(store: SqliteStore, project: int, count: int = 1) -> None:
    """So many messages for Ann."""
    for _ in range(count):
        store.add(new_message(project)).result()


def test_what_is_not_there_is_not_found_and_nothing_is_made_of_it(store: SqliteStore, project: int) -> None:
    for wrong in (
        lambda: store.mailbox(project, ANN),
        lambda: store.mailbox(project, ANN, "Sent"),
        lambda: store.delete_mailbox(project, ANN, "Sent"),
        lambda: store.rename_mailbox(project, ANN, "Sent", "Old"),
        lambda: store.open_mailbox(4711, ANN, "INBOX"),
        lambda: store.make_mailbox(4711, ANN, "Sent"),
        lambda: store.subscribe(4711, ANN, "Sent", True),
    ):
        with pytest.raises(NotFound):
            wrong()
    for by_id in (store.view, store.keywords, store.deleted, store.mailbox_names):
        with pytest.raises(NotFound):
            by_id(4711)

    assert names(store, project) == store.mailboxes(4711, ANN) == []
    assert store.subscriptions(project, ANN) == {}
    with store._readers.snapshot() as db:
        assert db.execute("SELECT count(*) FROM account").fetchone() == (0,)


def test_a_name_is_taken_once_in_an_account(store: SqliteStore, project: int) -> None:
    made = store.make_mailbox(project, "Ann@X.test", "Sent")
    with pytest.raises(AlreadyExists, match=r"ann@x\.test has a mailbox Sent"):
        store.make_mailbox(project, ANN, "Sent")

    assert store.open_mailbox(project, ANN, "Sent") == store.mailbox(project, ANN, "Sent") == made
    assert store.make_mailbox(project, ANN, "sent").id != made.id  # the letter case counts, but for INBOX
    assert store.make_mailbox(project, "bob@x.test", "Sent").id != made.id


def test_an_account_without_messages_is_in_no_list_whatever_mailboxes_it_has(store: SqliteStore, project: int) -> None:
    store.open_mailbox(project, ANN, "INBOX")
    store.subscribe(project, "bob@x.test", "INBOX", True)

    assert store.accounts(project) == []
    assert names(store, project) == ["INBOX"]


def test_mailboxes_are_listed_by_name_the_inbox_first(store: SqliteStore, project: int) -> None:
    for name in ("b", "INBOX/x", "a/b", "INBOX", "a", "Ä"):
        store.make_mailbox(project, ANN, name)

    assert names(store, project) == ["INBOX", "INBOX/x", "a", "a/b", "b", "Ä"]


@pytest.mark.parametrize(
    "name", ["50% & more", "日本語/é", "a\udc80", "x" * 1000, " ", "a//b", "'; DROP TABLE mailbox"]
)
def test_a_mailbox_may_have_any_name(store: SqliteStore, project: int, name: str) -> None:
    made = store.make_mailbox(project, ANN, name)
    store.rename_mailbox(project, ANN, name, "plain")
    store.rename_mailbox(project, ANN, "plain", name)
    store.subscribe(project, ANN, name, True)

    assert store.mailbox(project, ANN, name) == made
    assert list(store.subscriptions(project, ANN)) == [made.name]


def test_mail_goes_to_an_inbox_that_was_opened_before_it(store: SqliteStore, project: int) -> None:
    opened = store.open_mailbox(project, ANN, "INBOX")
    put(store, project)

    assert [each.uid for each in store.entries(opened.id)] == [1]


# -- DELETE


def test_a_deleted_mailbox_leaves_its_name_and_a_record(store: SqliteStore, project: int) -> None:
    put(store, project)
    message = store.messages(project).summaries[0]
    inbox, kept = store.mailbox(project, ANN), store.make_mailbox(project, ANN, "Kept")
    store.copy(inbox.id, [1], kept.id)
    store.delete_mailbox(project, ANN, "Kept")
    again = store.make_mailbox(project, ANN, "Kept")

    assert again.uidvalidity > kept.uidvalidity
    assert names(store, project) == ["INBOX", "Kept"]
    filings = [(each.mailbox, each.removed_by) for each in store.filings(message.number) if each.account == ANN]
    assert filings == [("INBOX", ""), ("Kept", "imap")]
    with pytest.raises(NotFound):
        store.rename_mailbox(project, ANN, "Gone", "Back")


def test_who_has_a_deleted_mailbox_selected_sees_it_empty(store: SqliteStore, project: int) -> None:
    put(store, project, 3)
    inbox, kept = store.mailbox(project, ANN).id, store.make_mailbox(project, ANN, "Kept").id
    store.copy(inbox, [1, 2, 3], kept)
    view = store.view(kept)
    heard: list[Event] = []
    store.bus.subscribe(heard.append)
    store.delete_mailbox(project, ANN, "Kept")

    [event] = heard
    assert isinstance(event, Removed)
    assert (event.mailbox, event.uids, event.modseq > view.modseq) == (kept, (1, 2, 3), True)
    assert store.view(kept).uids == store.deleted(kept) == store.entries(kept) == []
    assert store.flag(kept, [1], add=Flag.SEEN) == store.remove(kept, [1], "imap") == event.modseq
    assert [each.uid for each in store.fetch(kept, [1, 2, 3])] == [1, 2, 3]
    for do in (lambda: store.copy(inbox, [1], kept), lambda: store.append(kept, new_message(project))):
        with pytest.raises(NotFound, match="mailbox Kept was deleted"):
            do()


def test_those_below_a_deleted_mailbox_stay(store: SqliteStore, project: int) -> None:
    for name in ("a", "a/b"):
        store.make_mailbox(project, ANN, name)
    store.delete_mailbox(project, ANN, "a")

    assert names(store, project) == ["a/b"]


def test_a_deleted_inbox_is_made_anew_by_the_next_message(store: SqliteStore, project: int) -> None:
    put(store, project, 2)
    before = store.mailbox(project, ANN)
    store.delete_mailbox(project, ANN, "INBOX")
    put(store, project)

    inbox = store.mailbox(project, ANN)
    assert (inbox.id > before.id, inbox.uidvalidity > before.uidvalidity) == (True, True)
    assert store.view(inbox.id).uids == [1]
    assert store.account(project, ANN).messages == 3


# -- RENAME


def test_an_existing_name_is_not_overwritten(store: SqliteStore, project: int) -> None:
    for name in ("a", "a/x", "b", "c/x"):
        store.make_mailbox(project, ANN, name)
    for new in ("b", "a", "a/x", "c"):  # "c" would bring "a/x" to "c/x"
        with pytest.raises(AlreadyExists):
            store.rename_mailbox(project, ANN, "a", new)

    assert names(store, project) == ["a", "a/x", "b", "c/x"]


def test_what_is_below_a_mailbox_is_renamed_with_it_and_nothing_else(store: SqliteStore, project: int) -> None:
    before = {name: store.make_mailbox(project, ANN, name).id for name in ("a", "a/b", "a/b/c", "ab", "A/b")}
    store.make_mailbox(project, "bob@x.test", "a/b")
    store.rename_mailbox(project, ANN, "a", "z/a")

    after = {each.name: each.id for each in store.mailboxes(project, ANN)}
    assert after == {name if name in ("ab", "A/b") else f"z/{name}": identity for name, identity in before.items()}
    assert names(store, project, "bob@x.test") == ["a/b"]


def test_a_mailbox_moves_down_and_up_its_own_branch(store: SqliteStore, project: int) -> None:
    for name in ("a", "a/b/b", "a/b/b/b"):
        store.make_mailbox(project, ANN, name)
    store.rename_mailbox(project, ANN, "a", "a/b")
    assert names(store, project) == ["a/b", "a/b/b/b", "a/b/b/b/b"]
    store.rename_mailbox(project, ANN, "a/b", "a")

    assert names(store, project) == ["a", "a/b/b", "a/b/b/b"]


def test_a_renamed_mailbox_keeps_its_messages_and_its_uids(store: SqliteStore, project: int) -> None:
    put(store, project)
    box = store.make_mailbox(project, ANN, "a")
    store.copy(store.mailbox(project, ANN).id, [1], box.id)
    view = store.view(box.id)
    heard: list[Event] = []
    store.bus.subscribe(heard.append)
    store.rename_mailbox(project, ANN, "a", "b")

    assert store.mailbox(project, ANN, "b").id == box.id
    assert store.view(box.id) == view
    assert heard == []
    number = store.fetch(box.id, [1])[0].number
    assert ("b", 1) in [(each.mailbox, each.uid) for each in store.filings(number)]


def test_renaming_the_inbox_moves_its_messages_and_leaves_it_and_those_below(store: SqliteStore, project: int) -> None:
    put(store, project, 3)
    inbox = store.mailbox(project, ANN)
    store.make_mailbox(project, ANN, "INBOX/below")
    store.flag(inbox.id, [2], add=Flag.SEEN, add_keywords=["$Work"])
    store.remove(inbox.id, [1], "imap")
    heard: list[Event] = []
    store.bus.subscribe(heard.append)
    store.rename_mailbox(project, ANN, "INBOX", "2026")

    assert names(store, project) == ["INBOX", "2026", "INBOX/below"]
    there, new = store.mailbox(project, ANN), store.mailbox(project, ANN, "2026")
    assert (there.id, there.uidvalidity, there.messages, there.unseen) == (inbox.id, inbox.uidvalidity, 0, 0)
    assert (new.messages, new.unseen) == (2, 1)
    assert [(each.uid, each.flags, each.keywords) for each in store.entries(new.id)] == [
        (1, Flag.SEEN, ("$Work",)),
        (2, Flag(0), ()),
    ]
    copied, removed = heard
    assert isinstance(copied, Copied)
    assert isinstance(removed, Removed)
    assert (copied.mailbox, copied.uids, removed.mailbox, removed.uids) == (new.id, (1, 2), inbox.id, (2, 3))
    put(store, project)
    assert store.view(inbox.id).uids == [4]
    with pytest.raises(AlreadyExists):
        store.rename_mailbox(project, ANN, "INBOX", "2026")


def test_renaming_an_inbox_that_nobody_has_used_makes_an_empty_mailbox(store: SqliteStore, project: int) -> None:
    with pytest.raises(AlreadyExists):
        store.rename_mailbox(project, ANN, "INBOX", "INBOX")
    store.rename_mailbox(project, ANN, "INBOX", "old")

    assert [(each.name, each.messages) for each in store.mailboxes(project, ANN)] == [("INBOX", 0), ("old", 0)]


# -- SUBSCRIBE


def test_the_last_word_on_a_subscription_counts(store: SqliteStore, project: int) -> None:
    store.subscribe(project, ANN, "Sent", True)
    store.subscribe(project, ANN, "INBOX", False)
    store.subscribe(project, ANN, "Sent", False)
    store.subscribe(project, ANN, "not/there", True)
    store.subscribe(project, "bob@x.test", "a", True)

    assert store.subscriptions(project, "Ann@x.test") == {"INBOX": False, "Sent": False, "not/there": True}


# -- UIDVALIDITY


def test_all_that_was_made_is_there_after_a_restart(reopen: Open) -> None:
    store = reopen()
    project = store.project("default").id
    made = [store.make_mailbox(project, ANN, name) for name in ("a", "a/b", "c")]
    store.delete_mailbox(project, ANN, "c")
    store.rename_mailbox(project, ANN, "a", "INBOX")
    store.subscribe(project, ANN, "a", False)

    store = reopen()
    assert [(each.id, each.name, each.uidvalidity) for each in store.mailboxes(project, ANN)] == [
        (made[0].id, "INBOX", made[0].uidvalidity),
        (made[1].id, "INBOX/b", made[1].uidvalidity),
    ]
    assert store.subscriptions(project, ANN) == {"a": False}
    put(store, project)
    assert store.view(made[0].id).uids == [1]
    assert store.make_mailbox(project, ANN, "c").uidvalidity > made[2].uidvalidity


def test_a_new_store_has_later_uidvalidities_than_one_of_an_hour_ago(store: SqliteStore, project: int) -> None:
    made = store.make_mailbox(project, ANN, "a").uidvalidity

    assert time.time() - 3600 < made < 1 << 32
