"""What was acknowledged is kept: through SIGKILL, a full disk, a fork, and the end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from forking import in_child
from messages import new_message, numbered

from mailtrap.errors import StoreUnavailable
from mailtrap.message.summary import Summary
from mailtrap.store.records import NewMessage
from mailtrap.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from tests.store.conftest import Open

KILLS = 3
WRITER = """
import sys, threading
from pathlib import Path
from messages import new_message, numbered
from mailtrap.store.sqlite import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
project = store.project("default").id

def write(thread):
    count = 0
    while True:
        store.add(new_message(project, numbered(sys.argv[2], thread, count))).result()
        sys.stdout.write(f"{sys.argv[2]} {thread} {count}\\n")
        sys.stdout.flush()
        count += 1

for thread in range(4):
    threading.Thread(target=write, args=(thread,)).start()
"""


def test_what_was_acknowledged_before_a_kill_is_there_once(reopen: Open, tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for kill in range(KILLS):
        acknowledged |= write_until_killed(tmp_path / "data", kill)
    store = reopen()
    project = store.project("default").id

    found = [store.octets(number) for number in numbers(store, project)]
    assert len(acknowledged) > 100 * KILLS
    assert {numbered(*line.split()) for line in acknowledged} <= set(found)
    assert len(set(found)) == len(found) == store.messages(project, limit=1).total
    inbox = store.mailbox(project, "catchall")
    assert (inbox.messages, inbox.uidnext, inbox.size) == (len(found), len(found) + 1, sum(map(len, found)))


def write_until_killed(path: Path, kill: int) -> set[str]:
    """The lines of messages that were acknowledged."""
    command = [sys.executable, "-c", WRITER, str(path), str(kill)]
    paths = os.pathsep.join([str(Path.cwd()), *filter(None, sys.path)])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(101 + 53 * kill)]
        child.kill()
        lines += child.stdout.readlines()
    return {line.strip() for line in lines if line.endswith("\n")}


def numbers(store: SqliteStore, project: int) -> Iterator[int]:
    """Those of all messages."""
    before = None
    while True:
        page = store.messages(project, before=before, limit=200)
        yield from (each.number for each in page.summaries)
        if (before := page.next) is None:
            return


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """No file can grow beyond *limit*; in the whole of this process, for the time of the block."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.needs("resource")
def test_a_full_disk_is_said_and_recovered_from(reopen: Open) -> None:
    store = reopen()
    project = store.project("default").id
    kept: list[Summary] = []
    refusals: list[str] = []
    with full_disk(2 << 20):
        for size in [10_000] * 10 + [1 << 20] * 4 + [10_000] * 3:
            try:
                kept.append(store.add(new_message(project, b"x" * size)).result())
            except StoreUnavailable as error:
                refusals.append(str(error))
        assert [each.number for each in store.messages(project).summaries] == [each.number for each in kept[::-1]]
    late = store.add(new_message(project, b"x" * (1 << 20))).result()

    assert refusals
    assert all(each.startswith("the store cannot be used now") for each in refusals)
    store = reopen()
    assert [each.id for each in store.messages(project).summaries] == [each.id for each in [late, *kept[::-1]]]
    assert store.mailbox(project, "ann@x.test").messages == len(kept) + 1
    assert all(store.octets(each.number) == b"x" * each.facts.size for each in kept)


@pytest.mark.needs("fcntl")
def test_a_forked_child_leaves_the_store_alone(reopen: Open) -> None:
    store = reopen()
    project = store.project("default").id
    before = store.add(new_message(project)).result()

    def in_the_child() -> str:
        store.close()
        said = []
        for use in (lambda: store.add(new_message(project)).result(), lambda: store.messages(project)):
            try:
                use()
            except StoreUnavailable as error:
                said.append(str(error))
        return "; ".join(said)

    said = in_child(in_the_child)

    assert said == "; ".join(["the store belongs to the process that opened it"] * 2)
    after = store.add(new_message(project)).result()
    assert reopen().messages(project).summaries == [after, before]


def test_whatever_is_under_way_when_the_store_closes_is_done_or_refused(reopen: Open) -> None:
    store = reopen()
    project = store.project("default").id
    adding: list[Future[Summary]] = []
    begun = threading.Barrier(5)

    def add() -> None:
        begun.wait()
        adding.extend(store.add(new_message(project)) for _ in range(50))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.wait()
    store.close()
    for thread in threads:
        thread.join()

    assert all(each.done() for each in adding)
    done = [each.result().id for each in adding if each.exception() is None]
    assert all(isinstance(each.exception(), StoreUnavailable) for each in adding if each.exception())
    found = {each.id for each in reopen().messages(project, limit=1000).summaries}
    assert found == set(done)


def test_many_messages_at_once_are_all_kept(reopen: Open) -> None:
    store = reopen()
    project = store.project("default").id
    new: list[NewMessage] = [new_message(project, b"%d" % number) for number in range(1000)]
    ids = [each.result().id for each in [store.add(each) for each in new]]

    found = reopen().messages(project, limit=1000).summaries
    assert [each.id for each in found[::-1]] == ids


@pytest.mark.parametrize(("options", "synchronous"), [({}, 1), ({"durable": True}, 2)], ids=["by default", "durable"])
def test_on_request_a_commit_waits_for_the_disk(tmp_path: Path, options: dict[str, bool], synchronous: int) -> None:
    store = SqliteStore(tmp_path / "data", **options)
    try:
        assert store._db.execute("PRAGMA synchronous").fetchone() == (synchronous,)
    finally:
        store.close()


def test_a_temporary_store_waits_for_no_disk(store: SqliteStore) -> None:
    assert store._db.execute("PRAGMA synchronous").fetchone() == (0,)
