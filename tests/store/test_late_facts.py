"""Facts that are written behind the answer are there for whoever asks, whether they are written or not."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from messages import new_message

from mailtrap.bus import Added, Event
from mailtrap.message.facts import LateFacts, facts
from mailtrap.search.grammar import parse
from mailtrap.store import fulltext
from mailtrap.store.records import NewMessage
from mailtrap.store.sqlite import SqliteStore
from mailtrap.store.watch import Watch

if TYPE_CHECKING:
    from tests.store.conftest import Open

LETTER = b"Date: Fri, 21 Nov 1997 23:55:06 -0600\r\nFrom: bob@x.test\r\nSubject: Hello\r\n\r\nHello, \0Ann.\r\n"
LARGE = LETTER + b"x" * 300_000


@pytest.fixture
def unwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index waits for a quiet hour."""
    monkeypatch.setattr(fulltext, "QUIET", 3600.0)


def late(project: int, octets: bytes = LETTER) -> NewMessage:
    return replace(new_message(project, octets), facts=LateFacts(octets))


def written(directory: Path) -> list[str]:
    db = sqlite3.connect(next(directory.glob("data/*.db")))
    found = [text for [text] in db.execute("SELECT facts FROM message ORDER BY number")]
    db.close()
    return found


@pytest.mark.usefixtures("unwritten")
def test_a_list_shows_facts_that_are_not_written(store: SqliteStore, project: int) -> None:
    for octets in (LETTER, LARGE, b""):
        store.add(late(project, octets)).result()

    found = [each.facts for each in store.messages(project).summaries]
    assert found == [facts(b""), facts(LARGE), facts(LETTER)]
    assert found[2].defects == ("nul",)


@pytest.mark.usefixtures("unwritten")
def test_octets_that_were_compressed_meanwhile_have_the_same_facts(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "data", compress=True)
    project = store.project("default").id
    store.add(late(project, LARGE)).result()
    while store._packing is not None and store._packing.pack():
        pass

    with store._readers.snapshot() as db:
        assert {packed for [packed] in db.execute("SELECT packed FROM raw").fetchall()} == {1}
    assert store.messages(project).summaries[0].facts == facts(LARGE)
    store.close()


@pytest.mark.usefixtures("unwritten")
def test_all_that_hear_of_a_message_are_told_its_facts(store: SqliteStore, project: int) -> None:
    heard: list[Event] = []
    store.bus.subscribe(heard.append)
    with Watch(store, project, parse("from:bob@x.test is:broken")) as watch:
        summary = store.add(late(project)).result()
        assert watch.wait(1, timeout=0)

    [event] = heard
    assert isinstance(event, Added)
    assert event.summary.facts == facts(LETTER) == summary.facts
    assert event.summary == store.summary(project, summary.id)


@pytest.mark.usefixtures("unwritten")
def test_the_day_it_was_sent_on_is_known(store: SqliteStore, project: int) -> None:
    store.add(late(project)).result()
    store.add(late(project, b"\r\n")).result()
    inbox = store.mailbox(project, "ann@x.test").id

    assert store.sent_dates(inbox, [1, 2]) == {1: date(1997, 11, 21), 2: None}


@pytest.mark.usefixtures("unwritten")
def test_a_copy_for_another_account_has_them(store: SqliteStore, project: int) -> None:
    store.add(late(project)).result()
    store.copy(store.mailbox(project, "ann@x.test").id, [1], store.open_mailbox(project, "bob@x.test", "INBOX").id)

    [copy] = store.messages(project, account="bob@x.test").summaries
    assert copy.facts == facts(LETTER)


def test_whoever_searches_finds_by_them(store: SqliteStore, project: int) -> None:
    summary = store.add(late(project)).result()

    for query in ("subject:hello", "from:bob@x.test", "is:broken"):
        assert [each.id for each in store.messages(project, parse(query)).summaries] == [summary.id]


def test_they_are_written_with_the_text(reopen: Open, tmp_path: Path) -> None:
    store = reopen()
    project = store.project("default").id
    store.add(late(project)).result()
    store.messages(project, parse("hello"))

    assert "Hello" in written(tmp_path)[0]
    assert store.messages(project).summaries[0].facts == facts(LETTER)


def test_what_was_not_written_when_the_store_closed_is_later(
    reopen: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulltext, "QUIET", 3600.0)
    store = reopen()
    project = store.project("default").id
    for _ in range(50):
        store.add(late(project)).result()
    store.delete(project, [store.messages(project).summaries[7].id])
    assert set(written(tmp_path)) == {""}
    store = reopen()

    assert store.messages(project, parse("hello")).total == 49
    assert "" not in written(tmp_path)
