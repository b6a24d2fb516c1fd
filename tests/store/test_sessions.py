"""Conversations: read while they go on, and kept when they are over."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest
from messages import new_message

from mailtrap.envelope import Address, Envelope
from mailtrap.errors import NotFound
from mailtrap.store import bounds
from mailtrap.store.records import NewRefusal
from mailtrap.store.sqlite import SqliteStore
from mailtrap.transcript import Transcript

if TYPE_CHECKING:
    from tests.store.conftest import Open


def begin(store: SqliteStore, *lines: bytes) -> Transcript:
    transcript = Transcript("smtp", peer="127.0.0.1:4711\udcff", local="127.0.0.1:1025")
    for line in lines:
        transcript.add("C", line)
    store.open_session(transcript)
    return transcript


def written(store: SqliteStore) -> None:
    """Everything that is over is in the database."""
    store._writer.submit(store._sessions.write_all).result()


def test_an_unknown_session_is_not_found(store: SqliteStore) -> None:
    for session in ("", "absent", "\0"):
        with pytest.raises(NotFound):
            store.transcript(session)
        with pytest.raises(NotFound):
            store.sessions(before=session)


def test_what_was_never_opened_is_not_kept(store: SqliteStore) -> None:
    store.close_session(Transcript("smtp"))
    written(store)

    assert store.sessions() == []


def test_a_session_is_read_while_it_goes_on(store: SqliteStore) -> None:
    transcript = begin(store, b"EHLO me\r\n")

    [session] = store.sessions()
    assert (session.id, session.protocol, session.ended) == (transcript.id, "smtp", None)
    transcript.add("C", b"NOOP\r\n")
    assert [line.text for line in store.transcript(transcript.id).lines()] == ["EHLO me", "NOOP"]


def test_a_session_counts_what_came_in_it_and_not_what_comes_back(store: SqliteStore) -> None:
    project, transcript = store.new_project().id, begin(store)
    for origin in ("smtp", "bounce", "smtp"):
        store.add(new_message(project, origin=origin, session=transcript.id)).result()

    [session] = store.sessions()
    assert session.messages == 2


def test_a_session_that_is_over_is_read_from_the_database_as_it_was(reopen: Open) -> None:
    store = reopen()
    transcript = begin(store, b"EHLO me\r\n", bytes(range(256)))
    project = store.project("default").id
    store.add(new_message(project, session=transcript.id)).result()
    store.refuse(NewRefusal(project, transcript.id, "RCPT", "550", Envelope(Address(""), ()))).result()
    store.close_session(transcript)
    store.close_session(transcript)
    before = store.transcript(transcript.id)
    store = reopen()

    [session] = store.sessions()
    assert session.ended is not None
    assert (session.id, session.started, session.messages, session.refusals) == (
        transcript.id,
        transcript.started,
        1,
        1,
    )
    assert [line.octets for line in store.transcript(transcript.id).lines()] == [line.octets for line in before.lines()]


def test_pages_of_sessions_go_on_from_memory_into_the_database(store: SqliteStore) -> None:
    transcripts = [begin(store) for _ in range(9)]
    for transcript in transcripts[:6]:
        store.close_session(transcript)
    written(store)

    found: list[str] = []
    while page := store.sessions(before=found[-1] if found else None, limit=2):
        found += [each.id for each in page]
    assert found == [each.id for each in transcripts[::-1]]


def test_a_session_that_ends_wakes_a_writer_that_has_nothing_else_to_do(store: SqliteStore) -> None:
    woken = threading.Event()
    store.settle = lambda announce: (announce(), woken.set())
    first, second = begin(store), begin(store)
    store.close_session(first)

    assert woken.wait(20)
    woken.clear()
    store.close_session(first)  # once is enough
    store.close_session(second)
    written(store)
    assert [each.id for each in store.sessions()] == [second.id, first.id]


def test_the_oldest_sessions_are_let_go(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "ROWS", 5)
    transcripts = [begin(store) for _ in range(9)]
    for transcript in transcripts:
        store.close_session(transcript)
    written(store)

    assert [each.id for each in store.sessions()] == [each.id for each in transcripts[:3:-1]]


def test_refusals_are_kept_within_their_bounds(
    store: SqliteStore, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "OCTETS", 64 * 1000)
    for _ in range(100):
        refusal = NewRefusal(project, "s", "DATA", "", Envelope(Address(""), ()), b"x" * 2000)
        store.refuse(refusal).result()

    kept = store.refusals(project)
    assert 30 <= len(kept) <= 33
    assert kept[-1].number == 100


def test_the_last_refusal_of_each_session_is_found(store: SqliteStore, project: int) -> None:
    for session, reply in (("a", "550 first"), ("b", "552 other"), ("a", "501 last"), ("c", "")):
        store.refuse(NewRefusal(project, session, "RCPT", reply, Envelope(Address("x@x.test"), ()), b"part")).result()

    assert store.last_refusals([]) == {}
    assert store.last_refusals(["absent", "\0", "\udcff"]) == {}
    found = store.last_refusals(["a", "c", "absent"])
    assert {session: (each.reply, each.partial) for session, each in found.items()} == {
        "a": ("501 last", b""),
        "c": ("", b""),
    }
    assert found["a"].envelope.mail_from == "x@x.test"


def test_many_sessions_that_end_are_written_without_a_quiet_moment(store: SqliteStore, project: int) -> None:
    for transcript in [begin(store) for _ in range(250)]:
        store.close_session(transcript)
    while store._sessions.urgent:
        store.add(new_message(project)).result()

    assert len(store.sessions(limit=sys.maxsize)) == 250
