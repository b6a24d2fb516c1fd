"""The oldest go when there are too many, too much, or too old ones: as many as came, and never what is pinned."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from messages import new_message
from steps import steps

from mailtrap.bus import Deleted, Event
from mailtrap.errors import Gone, NotFound
from mailtrap.message.summary import Summary
from mailtrap.store.ages import MOST_ASLEEP, Ages
from mailtrap.store.retention import NO_LIMITS, Limits
from mailtrap.store.sqlite import SqliteStore

HOUR = 3600.0
SHORT = b"x" * 1000


class Clocks:
    """What a store goes by, to be set."""

    def __init__(self) -> None:
        self.up = 1000.0
        self.wall = 1.7e9

    def go_on(self, seconds: float) -> None:
        """Time passes."""
        self.up += seconds
        self.wall += seconds

    def open(self, path: Path | None = None, keep: Limits = NO_LIMITS) -> SqliteStore:
        """A store that goes by them."""
        ages = partial(Ages, uptime=lambda: self.up, wall=lambda: self.wall)
        return SqliteStore(path, keep=keep, ages=ages)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def ten() -> Iterator[SqliteStore]:
    """A store that keeps ten messages of a project."""
    store = SqliteStore(keep=Limits(messages=10))
    yield store
    store.close()


def add(store: SqliteStore, project: int, count: int = 1, octets: bytes = SHORT) -> list[Summary]:
    return [store.add(new_message(project, octets)).result() for _ in range(count)]


def settle(store: SqliteStore) -> None:
    """Let what is too old or too much go."""
    if store._retention.shortest_age is not None:
        store._writer.submit(store._retention.look).result()
    while store._retention.due:
        store._writer.submit(store._retention).result()


def ids(store: SqliteStore, project: int) -> list[str]:
    """What is there, oldest first."""
    settle(store)
    return [each.id for each in store.messages(project, limit=200).summaries[::-1]]


def counted(store: SqliteStore, project: int) -> tuple[int, int]:
    """What may expire, as it is counted."""
    row = store._db.execute("SELECT loose, loose_octets FROM project WHERE id = ?", (project,)).fetchone()
    return (row[0], row[1])


def test_without_limits_everything_is_kept(clocks: Clocks, tmp_path: Path) -> None:
    store = clocks.open(tmp_path)
    project = store.project("default").id
    messages = add(store, project, 50)
    clocks.go_on(1e9)

    assert ids(store, project) == [each.id for each in messages]
    store.close()


def test_limits_of_a_project_that_is_not_there_are_refused(store: SqliteStore) -> None:
    with pytest.raises(NotFound):
        store.limit(4711, Limits(messages=1))


def test_as_many_go_as_came(ten: SqliteStore) -> None:
    project = ten.project("default").id
    heard: list[Event] = []
    ten.bus.subscribe(heard.append)
    messages = add(ten, project, 30)

    assert ids(ten, project) == [each.id for each in messages[-10:]]
    expired = [event for event in heard if isinstance(event, Deleted)]
    assert [name for event in expired for name in event.ids] == [each.id for each in messages[:-10]]
    assert {event.why for event in expired} == {"expired"}
    assert all(len(event.ids) <= 2 for event in expired)  # a slice may come only after the next one was committed
    assert all(len(event.entries) == 2 for event in expired)  # of the catch-all and of Ann's INBOX
    with pytest.raises(Gone, match="was expired at"):
        ten.summary(project, messages[0].id)


def test_many_that_come_at_once_let_as_many_go(ten: SqliteStore) -> None:
    project = ten.project("default").id
    messages = [each.result() for each in [ten.add(new_message(project)) for _ in range(500)]]

    assert ids(ten, project) == [each.id for each in messages[-10:]]
    assert counted(ten, project)[0] == 10


def test_size_is_a_limit_too(clocks: Clocks) -> None:
    store = clocks.open(keep=Limits(octets=10_000))
    project = store.project("default").id
    messages = add(store, project, 5) + add(store, project, 1, b"x" * 6000) + add(store, project, 3)

    assert ids(store, project) == [each.id for each in messages[4:]]
    assert counted(store, project) == (5, 10_000)
    store.close()


def test_a_message_larger_than_all_that_is_kept_is_acknowledged_and_goes(clocks: Clocks) -> None:
    store = clocks.open(keep=Limits(octets=10_000))
    project = store.project("default").id
    [large] = add(store, project, 1, b"x" * 20_000)

    assert ids(store, project) == []
    with pytest.raises(Gone):
        store.summary(project, large.id)
    store.close()


def test_pinned_messages_neither_go_nor_count(ten: SqliteStore) -> None:
    project = ten.project("default").id
    messages = add(ten, project, 10)
    pinned = [each.id for each in messages[::2]]
    ten.update(project, pinned, pinned=True)
    messages += add(ten, project, 10)

    assert ids(ten, project) == [*pinned, *[each.id for each in messages[-10:]]]
    assert counted(ten, project) == (10, 10_000)
    ten.update(project, pinned[:2], pinned=False)
    assert ids(ten, project) == [*pinned[2:], *[each.id for each in messages[-10:]]]


def test_what_a_floor_spared_expires_when_it_is_no_longer_pinned(ten: SqliteStore) -> None:
    project = ten.project("default").id
    [kept, *_] = add(ten, project, 5)
    ten.update(project, [kept.id], pinned=True)
    ten.delete_all(project)
    later = add(ten, project, 10)
    assert ids(ten, project) == [kept.id, *[each.id for each in later]]
    ten.update(project, [kept.id], pinned=False)

    assert ids(ten, project) == [each.id for each in later]
    assert counted(ten, project) == (10, 10_000)


def test_appended_messages_count_like_others(ten: SqliteStore) -> None:
    project = ten.project("default").id
    drafts = ten.open_mailbox(project, "ann@x.test", "Drafts").id
    ten.append(drafts, new_message(project, origin="append", received_at=datetime(1999, 1, 1, tzinfo=UTC)))
    messages = add(ten, project, 9)
    assert len(ids(ten, project)) == 9
    assert ten.view(drafts).uids == [1]
    messages += add(ten, project, 2)
    settle(ten)

    assert ten.view(drafts).uids == []
    assert ids(ten, project) == [each.id for each in messages[-10:]]


def test_each_project_has_limits_of_its_own(ten: SqliteStore) -> None:
    default, other, third = (ten.project(name).id for name in ("default", "other", "third"))
    ten.limit(other, Limits(messages=3))
    ten.limit(third, Limits())
    for project in (default, other, third):
        add(ten, project, 15)

    assert [len(ids(ten, project)) for project in (default, other, third)] == [10, 3, 15]
    ten.limit(third, Limits(messages=2))
    ten.limit(other, None)
    add(ten, other, 10)
    assert [len(ids(ten, project)) for project in (default, other, third)] == [10, 10, 2]


def test_limits_are_kept(tmp_path: Path, clocks: Clocks) -> None:
    store = clocks.open(tmp_path)
    project = store.project("default").id
    add(store, project, 20)
    store.limit(project, Limits(messages=15, octets=10**9, age=HOUR))
    store.close()
    store = clocks.open(tmp_path)

    assert store.limits(project) == Limits(messages=15, octets=10**9, age=HOUR)
    assert len(ids(store, project)) == 15
    store.close()
    store = clocks.open(tmp_path, keep=Limits(messages=3))  # its own come first
    assert len(ids(store, project)) == 15
    store.close()


def test_what_is_too_old_goes(clocks: Clocks) -> None:
    store = clocks.open(keep=Limits(age=HOUR))
    project = store.project("default").id
    old = add(store, project, 30)
    store.update(project, [old[3].id], pinned=True)
    settle(store)
    clocks.go_on(HOUR - 1)
    young = add(store, project, 3)
    assert len(ids(store, project)) == 33
    clocks.go_on(2)

    assert ids(store, project) == [old[3].id, *[each.id for each in young]]
    clocks.go_on(HOUR)
    assert ids(store, project) == [old[3].id]
    store.close()


def test_age_begins_when_a_message_is_stored_whatever_date_it_claims(clocks: Clocks) -> None:
    store = clocks.open(keep=Limits(age=HOUR))
    project = store.project("default").id
    store.add(new_message(project, origin="import", received_at=datetime(1999, 1, 1, tzinfo=UTC))).result()
    clocks.go_on(HOUR - 1)
    assert len(ids(store, project)) == 1
    clocks.go_on(HOUR)

    assert ids(store, project) == []
    store.close()


def test_what_is_too_old_once_the_clock_is_moved_ahead_is_gone_then(clocks: Clocks) -> None:
    store = clocks.open(keep=Limits(age=HOUR))
    project, other = store.project("default").id, store.project("other").id
    store.limit(other, Limits(age=3 * HOUR))
    [pinned, *_] = add(store, project, 100)
    add(store, other, 2)
    store.update(project, [pinned.id], pinned=True)
    store.advance(HOUR - 60)
    assert len(store.messages(project, limit=200).summaries) == 100
    young = add(store, project, 2)
    store.advance(120)

    assert [each.id for each in store.messages(project, limit=200).summaries[::-1]] == [
        pinned.id,
        *[each.id for each in young],
    ]
    assert len(store.messages(other, limit=200).summaries) == 2
    store.advance(3 * HOUR)
    assert len(store.messages(other, limit=200).summaries) == 0
    store.close()


def test_a_clock_that_was_moved_ahead_does_not_go_back_when_the_store_is_opened_again(
    clocks: Clocks, tmp_path: Path
) -> None:
    store = clocks.open(tmp_path, keep=Limits(age=2 * HOUR))
    project = store.project("default").id
    add(store, project, 3)
    store.advance(HOUR)
    store.close()
    store = clocks.open(tmp_path, keep=Limits(age=2 * HOUR))
    assert len(ids(store, project)) == 3
    store.advance(HOUR + 1)

    assert ids(store, project) == []
    store.close()


@pytest.mark.parametrize("jump", [366 * 24 * HOUR, -366 * 24 * HOUR])
def test_a_clock_that_is_set_lets_nothing_expire(clocks: Clocks, jump: float) -> None:
    store = clocks.open(keep=Limits(age=HOUR))
    project = store.project("default").id
    add(store, project, 3)
    settle(store)
    clocks.wall += jump
    clocks.go_on(HOUR / 2)
    add(store, project, 3)
    assert len(ids(store, project)) == 6
    clocks.go_on(HOUR / 2)

    assert len(ids(store, project)) == 3
    store.close()


@pytest.mark.parametrize(
    ("asleep", "left"), [(12 * HOUR, 3), (36 * HOUR, 3), (366 * 24 * HOUR, 3), (-366 * 24 * HOUR, 3)]
)
def test_a_time_without_the_sandbox_counts_a_day_at_the_most(
    clocks: Clocks, tmp_path: Path, asleep: float, left: int
) -> None:
    keep = Limits(age=2 * MOST_ASLEEP)
    store = clocks.open(tmp_path, keep)
    project = store.project("default").id
    add(store, project, 3)
    settle(store)
    store.close()
    clocks.wall += asleep
    clocks.up = 5.0  # the machine was started anew
    store = clocks.open(tmp_path, keep)

    assert len(ids(store, project)) == left
    clocks.go_on(2 * MOST_ASLEEP - min(max(asleep, 0.0), MOST_ASLEEP) - 1)
    assert len(ids(store, project)) == left
    clocks.go_on(2)
    assert ids(store, project) == []
    store.close()


def test_marks_are_kept_only_as_long_as_they_say_something(clocks: Clocks) -> None:
    store = clocks.open(keep=Limits(age=HOUR))
    project = store.project("default").id
    for _ in range(200):
        add(store, project)
        clocks.go_on(60)
        settle(store)

    assert len(ids(store, project)) == 60
    assert store._db.execute("SELECT count(*) FROM mark").fetchone()[0] <= 62
    store.close()


def test_a_slice_that_comes_to_nothing_is_made_again(ten: SqliteStore) -> None:
    project = ten.project("default").id
    add(ten, project, 10)
    settle(ten)
    ten._db.execute("CREATE TEMP TRIGGER full BEFORE INSERT ON purge BEGIN SELECT raise(FAIL, 'no room'); END")
    add(ten, project, 5)
    ten._writer.submit(lambda batch: None).result()  # whoever comes after the failure is served
    ten._writer.submit(lambda batch: batch.db.execute("DROP TRIGGER full") and None).result()

    assert len(ids(ten, project)) == 10
    assert counted(ten, project) == (10, 10_000)


def test_letting_go_takes_as_many_steps_with_few_as_with_many(clocks: Clocks) -> None:
    counts = []
    for kept in (100, 2000):
        store = clocks.open()
        project = store.project("default").id
        for each in [store.add(new_message(project, SHORT)) for _ in range(kept + 20)]:
            each.result()
        store.limit(project, Limits(messages=kept + 20))
        settle(store)
        store._retention._own[project] = Limits(messages=kept)  # as if twenty had come
        store._retention._over.add(project)
        counts.append(steps(store, store._retention))
        assert len(ids(store, project)[:200]) == min(kept, 200)
        assert counted(store, project)[0] == kept
        store.close()

    assert counts[1] < counts[0] * 1.2


def test_what_is_too_old_goes_unasked() -> None:
    store = SqliteStore()
    project = store.project("default").id
    gone = threading.Event()
    store.bus.subscribe(lambda event: gone.set() if isinstance(event, Deleted) else None)
    store.limit(project, Limits(age=0.2))
    [message] = add(store, project)

    assert gone.wait(20)
    with pytest.raises(Gone, match="was expired at"):
        store.summary(project, message.id)
    store.close()
