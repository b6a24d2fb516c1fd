"""Octets that were compressed meanwhile are, to whoever reads them, what they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chores import reclaim
from messages import new_message

from mailtrap.errors import NotFound
from mailtrap.store.schema import SLICE
from mailtrap.store.sqlite import SqliteStore

RANDOM = bytes((number * number * 2654435761 >> 13) & 255 for number in range(3000))
TEXT = b"Subject: order\r\n\r\n" + b" ".join(b"word%d" % (number % 100) for number in range(400))
LARGE = b"Subject: large\r\n\r\n" + TEXT * 200


@pytest.fixture
def compressing(tmp_path: Path) -> Iterator[SqliteStore]:
    """A store that compresses; all at once in these tests, when it is told to."""
    store = SqliteStore(tmp_path / "data", compress=True)
    yield store
    store.close()


def pack(store: SqliteStore) -> None:
    """Let all be done that is to be done."""
    assert store._packing is not None
    while store._packing.pack():
        pass


def is_packed(store: SqliteStore, number: int) -> list[int]:
    with store._readers.snapshot() as db:
        found = db.execute("SELECT packed FROM raw WHERE key >> 20 = ? ORDER BY key", (number,)).fetchall()
    return [packed for [packed] in found]


def test_what_does_not_get_smaller_stays_as_it_is(compressing: SqliteStore) -> None:
    project = compressing.project("default").id
    message = compressing.add(new_message(project, RANDOM)).result()
    empty = compressing.add(new_message(project, b"")).result()
    pack(compressing)

    assert is_packed(compressing, message.number) == [0]
    assert compressing.octets(message.number) == RANDOM
    assert compressing.octets(empty.number) == b""
    assert compressing.raw([empty.number]) == {empty.number: b""}


def test_every_part_of_a_message_is_what_it_was(compressing: SqliteStore) -> None:
    project = compressing.project("default").id
    message = compressing.add(new_message(project, LARGE)).result()
    small = compressing.add(new_message(project, TEXT)).result()
    pack(compressing)

    assert is_packed(compressing, message.number) == [1] * 3
    assert b"".join(compressing.slices(message.number)) == LARGE
    for start, stop in ((0, 1), (SLICE - 1, SLICE + 1), (SLICE, SLICE), (1, 2 * SLICE + 7), (2 * SLICE, None)):
        assert compressing.octets(message.number, start, stop) == LARGE[start:stop]
    assert compressing.raw([message.number, small.number, 4711]) == {message.number: LARGE, small.number: TEXT}


def test_it_can_be_turned_on_and_off(tmp_path: Path) -> None:
    messages = []
    for compress in (False, True, False, True):
        store = SqliteStore(tmp_path / "data", compress=compress)
        project = store.project("default").id
        messages += [store.add(new_message(project, TEXT + b"%d" % compress)).result()]
        if compress:
            pack(store)
        assert [is_packed(store, each.number) for each in messages][-1] == [int(compress)]
        store.close()
    store = SqliteStore(tmp_path / "data")

    assert [is_packed(store, each.number) for each in messages] == [[1]] * 4
    found = [store.octets(each.number) for each in messages]
    assert found == [TEXT + b"%d" % compress for compress in (False, True, False, True)]
    store.close()


def test_what_was_deleted_meanwhile_stays_away(compressing: SqliteStore) -> None:
    project = compressing.project("default").id
    messages = [compressing.add(new_message(project, TEXT)).result() for _ in range(3)]
    compressing.delete(project, [messages[1].id])
    reclaim(compressing)
    pack(compressing)

    assert [is_packed(compressing, each.number) for each in messages] == [[1], [], [1]]
    with pytest.raises(NotFound):
        compressing.octets(messages[1].number)


def test_it_is_done_unasked(compressing: SqliteStore) -> None:
    message = compressing.add(new_message(compressing.project("default").id, TEXT)).result()
    while not all(is_packed(compressing, message.number)):
        pass

    assert compressing.octets(message.number) == TEXT


def test_the_corpus_comes_out_as_it_came_in(compressing: SqliteStore, corpus: Path) -> None:
    octets = corpus.read_bytes()
    message = compressing.add(new_message(compressing.project("default").id, octets)).result()
    pack(compressing)

    assert compressing.octets(message.number) == b"".join(compressing.slices(message.number)) == octets
