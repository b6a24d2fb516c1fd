"""A project that was deleted is gone for good: everybody hears of it, and nothing is put there any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pytest
from chores import reclaim
from faulty import until_so
from messages import new_message

from mailtrap.bus import Deleted, Emptied, Event, ProjectDeleted
from mailtrap.configured import Configured
from mailtrap.envelope import Address, Envelope
from mailtrap.errors import NotFound, ProjectGone
from mailtrap.search.tree import All
from mailtrap.store.records import Flag, NewRefusal
from mailtrap.store.retention import Limits
from mailtrap.store.sqlite import SqliteStore
from mailtrap.store.watch import Watch

if TYPE_CHECKING:
    from tests.store.conftest import Open

ANN = "ann@x.test"


class Place(NamedTuple):
    """A project with a message in it, and where that is filed."""

    store: SqliteStore
    project: int
    message: str
    inbox: int
    kept: int


def place(store: SqliteStore) -> Place:
    project = store.new_project().id
    message = store.add(new_message(project)).result()
    kept = store.make_mailbox(project, ANN, "Kept").id
    return Place(store, project, message.id, store.mailbox(project, ANN).id, kept)


@contextmanager
def one_transaction(store: SqliteStore) -> Iterator[None]:
    """What is asked for in the block is committed together: the writer is kept until then."""
    busy, hold = threading.Event(), threading.Event()
    store._writer.submit(lambda batch: (busy.set(), hold.wait()))
    busy.wait()
    try:
        yield
    finally:
        hold.set()


WRITES: dict[str, Callable[[Place], object]] = {
    "add": lambda at: at.store.add(new_message(at.project)).result(),
    "append": lambda at: at.store.append(at.inbox, new_message(at.project, origin="append")),
    "copy": lambda at: at.store.copy(at.inbox, [1], at.kept),
    "move": lambda at: at.store.move(at.inbox, [1], at.kept),
    "flag": lambda at: at.store.flag(at.inbox, [1], add=Flag.SEEN),
    "flagging": lambda at: at.store.flagging(at.inbox, [1], Flag.SEEN).result(),
    "remove": lambda at: at.store.remove(at.inbox, [1], "pop3"),
    "update": lambda at: at.store.update(at.project, [at.message], pinned=True),
    "delete": lambda at: at.store.delete(at.project, [at.message]),
    "delete all": lambda at: at.store.delete_all(at.project),
    "make a mailbox": lambda at: at.store.make_mailbox(at.project, ANN, "New"),
    "open a mailbox": lambda at: at.store.open_mailbox(at.project, "bob@x.test", "INBOX"),
    "rename a mailbox": lambda at: at.store.rename_mailbox(at.project, ANN, "Kept", "New"),
    "delete a mailbox": lambda at: at.store.delete_mailbox(at.project, ANN, "Kept"),
    "subscribe": lambda at: at.store.subscribe(at.project, ANN, "Kept", subscribed=False),
    "configure": lambda at: at.store.configure(at.project, Configured(ANN)),
    "set a password": lambda at: at.store.set_password(at.project, "s3cret"),
    "limit": lambda at: at.store.limit(at.project, Limits(messages=1)),
    "delete it again": lambda at: at.store.delete_project(at.project),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_nothing_is_written_there_any_more(reopen: Open, write: Callable[[Place], object]) -> None:
    at = place(reopen())
    at.store.delete_project(at.project)

    with pytest.raises(ProjectGone):
        write(at)
    with pytest.raises(ProjectGone):
        write(at._replace(store=reopen()))


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_comes_in_one_transaction_with_the_end_fails_alone(
    store: SqliteStore, write: Callable[[Place], object]
) -> None:
    at, others = place(store), place(store)
    store._fulltext.catch_up()  # so that nothing else is queued
    with ThreadPoolExecutor() as threads, one_transaction(store):
        deleting = store._submit(partial(store._delete_project, at.project))
        writing = threads.submit(write, at)
        until_so(lambda: len(store._writer._jobs) >= 2)
        other = store.add(new_message(others.project))

    deleting.result()
    assert isinstance(writing.exception(), ProjectGone)
    assert other.result() == store.messages(others.project).summaries[0]


def test_what_was_committed_before_the_end_goes_with_the_project(store: SqliteStore, project: int) -> None:
    with one_transaction(store):
        adding = store.add(new_message(project))
        deleting = store._submit(partial(store._delete_project, project))

    message = adding.result()
    deleting.result()
    with pytest.raises(NotFound):
        store.octets(message.number)


def test_it_is_not_read_any_more(store: SqliteStore) -> None:
    at = place(store)
    store.delete_project(at.project)

    with pytest.raises(ProjectGone):
        store.messages(at.project)
    with pytest.raises(ProjectGone):
        store.summary(at.project, at.message)


def test_its_end_is_told_last(store: SqliteStore) -> None:
    at = place(store)
    store.update(at.project, [at.message], pinned=True)
    events: list[Event] = []
    store.bus.subscribe(events.append)
    store.delete_project(at.project)

    assert [type(each) for each in events] == [Deleted, Emptied, ProjectDeleted]
    assert sorted({each.modseq for each in events}) == [each.modseq for each in events]
    assert {each.project for each in events} == {at.project}


def test_who_waits_for_mail_there_waits_no_longer(store: SqliteStore, project: int) -> None:
    woken = threading.Event()
    with Watch(store, project, All()) as watch:
        watch.add_waker(woken.set)
        ending = threading.Thread(target=store.delete_project, args=(project,))
        ending.start()
        with pytest.raises(ProjectGone):
            watch.wait(1, timeout=20)
        ending.join()

    assert woken.is_set()
    with pytest.raises(ProjectGone), Watch(store, project, All()):
        pass


def test_a_refusal_that_its_end_is_the_reason_of_is_on_record(store: SqliteStore, project: int) -> None:
    store.delete_project(project)
    envelope = Envelope(Address("app@shop.test"), ())
    store.refuse(NewRefusal(project, "a-session", "DATA", "550 5.7.1 gone", envelope, b"")).result()

    assert store.last_refusals(["a-session"])["a-session"].reply == "550 5.7.1 gone"


def test_its_space_is_given_back_and_its_ids_are_free(store: SqliteStore) -> None:
    at, others = place(store), place(store)
    again = new_message(others.project, message_id=at.message)
    store.delete_project(at.project)

    assert store.add(again).result().id == at.message
    reclaim(store)
    [count] = store._db.execute("SELECT count(*) FROM message WHERE project = ?", (at.project,)).fetchone()
    assert count == 0
    assert len(store.messages(others.project).summaries) == 2
