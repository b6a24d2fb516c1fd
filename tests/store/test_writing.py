"""One writer: what is committed together, who hears of it and when, and what one failure does to others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from faulty import until_so
from messages import new_message

from mailtrap.bus import Added, Changed, Deleted, Emptied, Event, Refused, Removed
from mailtrap.envelope import Address, Envelope
from mailtrap.errors import AlreadyExists, NotFound
from mailtrap.message.summary import Summary
from mailtrap.store.records import Flag, NewMessage, NewRefusal
from mailtrap.store.sqlite import SqliteStore


def together(store: SqliteStore, new: list[NewMessage]) -> list[Future[Summary]]:
    """Add all of them in one batch: the writer is kept until they are queued."""
    hold = threading.Event()
    store._writer.submit(lambda batch: hold.wait())
    adding = [store.add(each) for each in new]
    hold.set()
    return adding


def test_a_message_that_fails_fails_alone(store: SqliteStore, project: int) -> None:
    good, again, nowhere, last = together(
        store,
        [
            new_message(project, message_id="a"),
            new_message(project, message_id="a"),
            new_message(4711),
            new_message(project, message_id="b"),
        ],
    )

    with pytest.raises(AlreadyExists):
        again.result()
    with pytest.raises(NotFound):
        nowhere.result()
    assert [last.result(), good.result()] == store.messages(project).summaries
    assert (last.result().number - good.result().number, store.mailbox(project, "ann@x.test").uidnext) == (1, 3)


def test_a_message_that_nobody_waits_for_any_more_is_not_stored(store: SqliteStore, project: int) -> None:
    busy, hold = threading.Event(), threading.Event()
    store._writer.submit(lambda batch: (busy.set(), hold.wait()))
    busy.wait()  # or what follows might be in the same batch
    cancelled, kept = store.add(new_message(project)), store.add(new_message(project))
    assert cancelled.cancel()
    hold.set()

    assert [kept.result()] == store.messages(project).summaries


def test_events_come_after_the_commit_in_its_order_and_before_the_answer(store: SqliteStore, project: int) -> None:
    heard: list[tuple[Event, bool, bool]] = []
    adding: list[Future[Summary]] = []

    def hear(event: Event) -> None:
        assert isinstance(event, Added)
        committed = event.summary.id in {each.id for each in store.messages(project, limit=200).summaries}
        heard.append((event, committed, adding[len(heard)].done()))

    ready = threading.Event()
    store._writer.submit(lambda batch: ready.wait())
    store.bus.subscribe(hear)
    adding += [store.add(new_message(project)) for _ in range(20)]
    ready.set()
    summaries = [each.result() for each in adding]

    assert [(event.modseq, committed, done) for event, committed, done in heard] == [
        (summary.modseq, True, False) for summary in summaries
    ]


def test_an_event_says_where_it_was_filed_and_has_the_octets(store: SqliteStore, project: int) -> None:
    heard: list[Event] = []
    store.bus.subscribe(heard.append)
    octets = bytearray(b"as it came")
    summary = store.add(new_message(project, octets)).result()

    [event] = heard
    assert isinstance(event, Added)
    assert (event.summary, event.octets()) == (summary, octets)
    assert [each.uid for each in event.filed] == [1, 1]
    assert [each.mailbox for each in event.filed] == [
        store.mailbox(project, name).id for name in ("catchall", "ann@x.test")
    ]


def test_a_batch_is_told_in_the_thread_that_settles_it(store: SqliteStore, project: int) -> None:
    heard: list[tuple[Event, int]] = []
    store.bus.subscribe(lambda event: heard.append((event, threading.get_ident())))
    go_on = threading.Event()
    with ThreadPoolExecutor(1) as settling:  # once it has ended it raises RuntimeError, as a loop does
        settling.submit(go_on.wait, 20)
        store.settle = settling.submit
        adding = together(store, [new_message(project) for _ in range(5)])
        until_so(lambda: store.messages(project).total == 5)
        assert not heard
        assert not any(each.done() for each in adding)
        go_on.set()
        numbers = [each.result(20).number for each in adding]
        thread = settling.submit(threading.get_ident).result(20)

    told = [(event.summary.number, by) for event, by in heard if isinstance(event, Added)]
    assert told == [(number, thread) for number in numbers]


def test_where_the_settling_loop_has_stopped_the_writer_settles(store: SqliteStore, project: int) -> None:
    def stopped(announce: Callable[[], None]) -> None:
        raise RuntimeError("the loop is closed")

    store.settle = stopped

    assert store.add(new_message(project)).result()


def test_every_change_is_an_event(store: SqliteStore, project: int) -> None:
    heard: list[Event] = []
    first, second, third = (store.add(new_message(project)).result() for _ in range(3))
    catchall, inbox = (store.mailbox(project, name).id for name in ("catchall", "ann@x.test"))
    store.bus.subscribe(heard.append)

    store.update(project, [first.id, "absent"], pinned=True)
    store.update(project, [first.id], pinned=True)
    modseq = store.flag(inbox, [1, 2, 9], add=Flag.FLAGGED)
    assert store.flag(inbox, [1, 2, 9], add=Flag.FLAGGED) == modseq
    store.remove(inbox, [3, 9], "imap")
    store.delete(project, [second.id, "absent"])
    store.delete(project, [second.id])
    store.delete_all(project)
    store.refuse(NewRefusal(project, "s", "RCPT", "550 5.1.1 no", Envelope(Address(""), ()))).result()

    numbers = (first.number, second.number)
    at = iter(event.modseq for event in heard)
    assert heard == [
        Changed(project, next(at), numbers=numbers[:1], ids=(first.id,)),
        Changed(project, next(at), numbers=numbers, mailbox=inbox, uids=(1, 2), ids=(first.id, second.id)),
        Removed(project, next(at), inbox, (3,), (third.id,)),
        Deleted(project, next(at), (second.id,), (second.number,), "deleted", {catchall: (2,), inbox: (2,)}),
        Emptied(project, next(at), third.number),
        Refused(project, next(at), 1),
    ]
    assert [event.modseq for event in heard] == sorted({event.modseq for event in heard})


def test_a_refusal_is_read_as_it_was_recorded(store: SqliteStore, project: int) -> None:
    envelope = Envelope(Address("a\udcff@x", parameters=("SIZE=1",)), (Address("b@x"),), started=datetime.now(UTC))
    new = NewRefusal(project, "session", "DATA", "554 5.6.0 no", envelope, b"Subject: half")
    store.refuse(new).result()
    store.refuse(NewRefusal(project, "session", "EOF", "", Envelope(Address(""), ()))).result()

    first, second = store.refusals(project)
    assert (first.stage, first.reply, first.envelope, first.partial) == (
        "DATA",
        "554 5.6.0 no",
        envelope,
        b"Subject: half",
    )
    assert store.refusals(project, since=first.number) == [second]
    assert store.refusals(project, limit=1) == [first]
    assert store.refusals(store.new_project().id) == []


def test_readers_see_whole_batches_while_others_write(store: SqliteStore, project: int) -> None:
    done = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        last = 0
        while not done.is_set():
            page = store.messages(project, limit=1)
            newest = page.summaries[0].number if page.summaries else 0
            inbox = store.messages(project, account="ann@x.test", limit=1)
            if newest < last or inbox.total < page.total or (page.summaries and not store.octets(newest)):
                wrong.append((last, page, inbox.total))
            last = newest

    readers = [threading.Thread(target=read) for _ in range(6)]  # more than there are connections
    for reader in readers:
        reader.start()
    for _ in range(20):
        for each in [store.add(new_message(project)) for _ in range(10)]:
            each.result()
    done.set()
    for reader in readers:
        reader.join()

    assert wrong == []
    assert store.messages(project).total == 200


def test_a_thousand_projects_are_worlds_of_their_own(store: SqliteStore) -> None:
    projects = [store.new_project() for _ in range(1000)]
    for each in (projects[0], projects[500]):
        store.add(new_message(each.id)).result()

    assert len({each.name for each in projects}) == len({each.id for each in projects}) == 1000
    assert store.projects() == sorted(projects, key=lambda each: each.name)
    assert [each.id for each in projects if store.messages(each.id, limit=1).total] == [
        projects[0].id,
        projects[500].id,
    ]
    assert store.project(projects[7].name) == projects[7]


def test_one_name_made_by_many_is_one_project(store: SqliteStore) -> None:
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(store.project("shared").id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 1


def test_uidvalidity_is_never_used_twice(store: SqliteStore) -> None:
    found = []
    for name in ("ann@x.test", "bob@x.test"):
        for _ in range(2):
            project = store.new_project().id
            store.add(new_message(project, rcpt_to=(name,))).result()
            found += [store.mailbox(project, each).uidvalidity for each in ("catchall", name)]

    assert len(set(found)) == len(found) == 8


def test_what_fails_after_the_commit_keeps_no_answer_back(
    store: SqliteStore, project: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no more threads")

    with monkeypatch.context() as broken:
        broken.setattr(store._fulltext, "note", fail)
        message = store.add(new_message(project)).result(timeout=30)

    assert store.octets(message.number)
    assert "could not be noted" in caplog.text
