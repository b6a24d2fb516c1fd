"""What transcripts cannot show: flags, large messages, what goes meanwhile, and what goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import pytest

from mailtrap.bus import Event
from mailtrap.pop3.registry import ANY, COMMANDS, Command
from mailtrap.pop3.session import JUNK_LIMIT, Session
from mailtrap.store.records import Flag
from mailtrap.store.sqlite import SqliteStore
from mailtrap.transcript import MASKED

SLICE = 1 << 18
LINE = b".a line of a large message that begins with a dot\r\n"
LARGE = b"Subject: large\r\n\r\n" + LINE * 20_000


def numbered(count: int) -> list[bytes]:
    return [b"Subject: %d\r\n\r\n" % n for n in range(1, count + 1)]


def response(conversation: Any) -> list[bytes]:
    """The lines of a multi-line response, after the first."""
    assert (conversation.line() or b"").startswith(b"+OK")
    return list(iter(conversation.line, b"."))


# -- what is marked as seen


def test_neither_top_nor_an_aborted_retr_marks_a_message_as_seen(pop3: Any) -> None:
    pop3.add(LARGE)
    session = pop3.session()
    list(session.receive(b"USER ann@example.com\r\nPASS x\r\nTOP 1 5\r\n"))
    output = session.receive(b"RETR 1\r\n")
    assert b"+OK" in next(output)
    next(output)
    output.close()
    session.ended()

    assert pop3.flags() == [Flag(0)]


def test_retr_marks_as_seen_in_that_account_alone(pop3: Any) -> None:
    pop3.add(*numbered(3))
    conversation = pop3.logged_in()
    conversation.send(b"RETR 1\r\nRETR 3\r\nRETR 1\r\nQUIT\r\n")

    assert conversation.rest()[-1] == b"+OK Bye"
    assert pop3.flags() == [Flag.SEEN, Flag(0), Flag.SEEN]
    assert pop3.flags("catchall") == [Flag(0)] * 3


def test_a_message_is_marked_at_once_and_those_that_wait_for_others_with_noop(pop3: Any) -> None:
    pop3.add(*numbered(3))
    conversation = pop3.logged_in()
    conversation.send(b"RETR 2\r\n")
    pop3.add()  # written after all that was asked for before
    assert pop3.flags()[:3] == [Flag(0), Flag.SEEN, Flag(0)]
    conversation.send(b"RETR 1\r\nNOOP\r\n")
    pop3.add()

    assert pop3.flags()[:3] == [Flag.SEEN, Flag.SEEN, Flag(0)]


@pytest.mark.parametrize("how", ["end", "hang_up"])
def test_what_was_retrieved_is_marked_however_the_session_ends(pop3: Any, how: str) -> None:
    pop3.add(*numbered(100))
    conversation = pop3.logged_in()
    conversation.send(b"".join(b"RETR %d\r\n" % n for n in range(1, 101)))
    getattr(conversation, how)()

    pop3.add()  # written after all that was asked for before
    assert pop3.flags() == [Flag.SEEN] * 100 + [Flag(0)]


def test_what_is_seen_already_is_not_written_again(pop3: Any) -> None:
    pop3.add()
    for _ in range(2):
        conversation = pop3.logged_in()
        conversation.send(b"RETR 1\r\nQUIT\r\n")
        before = pop3.store.cursor()
        conversation.rest()

    assert pop3.store.cursor() == before


# -- large messages and large maildrops


def test_a_large_message_is_given_in_pieces_and_whole(pop3: Any) -> None:
    pop3.add(LARGE)
    session = pop3.session()
    list(session.receive(b"USER ann@example.com\r\nPASS x\r\n"))
    chunks = list(session.receive(b"RETR 1\r\n"))

    assert max(map(len, chunks)) < 1.1 * SLICE
    expected = LARGE.replace(b"\r\n.", b"\r\n..")
    assert b"".join(chunks) == b"+OK %d octets\r\n" % len(LARGE) + expected + b".\r\n"


def test_top_of_a_large_message_reads_no_more_than_it_needs(pop3: Any) -> None:
    pop3.add(LARGE)
    conversation = pop3.logged_in()
    conversation.send(b"TOP 1 2\r\nTOP 1 19999\r\n")

    assert response(conversation) == [b"Subject: large", b"", b"." + LINE[:-2], b"." + LINE[:-2]]
    assert len(response(conversation)) == 2 + 19_999
    first = pop3.session()
    list(first.receive(b"USER ann@example.com\r\nPASS x\r\n"))
    assert sum(map(len, first.receive(b"TOP 1 2\r\n"))) < 200


def test_a_long_list_comes_in_chunks_and_a_large_maildrop_is_looked_through_in_a_thread(pop3: Any) -> None:
    pop3.add(*numbered(2500))
    session = pop3.session()
    list(session.receive(b"USER ann@example.com\r\n"))
    blocking = [session.blocking for _ in session.receive(b"PASS x\r\n")]
    lists = list(session.receive(b"LIST\r\n"))

    assert True in blocking
    assert not session.blocking
    assert len(lists) == 5  # status, three chunks, the dot
    assert b"".join(lists).count(b"\r\n") == 2502


# -- what goes meanwhile


def test_a_message_deleted_meanwhile_is_refused_even_if_it_was_read_ahead(pop3: Any) -> None:
    messages = pop3.add(*numbered(4))
    conversation = pop3.logged_in()
    conversation.send(b"RETR 1\r\nRETR 2\r\n")
    assert [response(conversation)[0] for _ in range(2)] == [b"Subject: 1", b"Subject: 2"]
    pop3.store.delete(pop3.project, [messages[2].id])

    conversation.send(b"RETR 3\r\nTOP 3 0\r\nLIST 3\r\nDELE 3\r\nRETR 4\r\nQUIT\r\n")
    gone = b"-ERR Message 3 is gone: it was deleted meanwhile"
    assert [conversation.line() for _ in range(4)] == [
        gone,
        gone,
        b"+OK 3 14",
        b"+OK Message 3 is marked as deleted",
    ]
    assert response(conversation)[0] == b"Subject: 4"
    assert conversation.rest() == [b"+OK Bye"]


def test_after_everything_was_deleted_only_a_pinned_message_is_there(pop3: Any) -> None:
    messages = pop3.add(*numbered(4))
    pop3.store.update(pop3.project, [messages[3].id], pinned=True)
    conversation = pop3.logged_in()
    conversation.send(b"RETR 1\r\nRETR 2\r\n")
    for _ in range(2):
        response(conversation)
    pop3.store.delete_all(pop3.project)

    conversation.send(b"RETR 3\r\nRETR 1\r\nRETR 4\r\nDELE 1\r\nQUIT\r\n")
    assert [(conversation.line() or b"")[:4] for _ in range(2)] == [b"-ERR"] * 2
    assert response(conversation)[0] == b"Subject: 4"
    assert conversation.rest()[-1] == b"+OK Bye"
    assert pop3.left() == [numbered(4)[3]]


def test_what_cannot_be_given_to_its_end_ends_the_connection_not_the_response(make_pop3: Callable[..., Any]) -> None:
    store = SqliteStore()
    pop3 = make_pop3(store)
    pop3.add(LARGE)
    session = pop3.session()
    list(session.receive(b"USER ann@example.com\r\nPASS x\r\n"))
    output = session.receive(b"RETR 1\r\nNOOP\r\n")
    said = next(output) + next(output)
    store.close()
    said += b"".join(output)

    assert session.closing
    assert said.startswith(b"+OK %d octets" % len(LARGE))
    assert b"\r\n.\r\n" not in said
    assert b"ERR" not in said
    assert b"+OK\r\n" not in said


def test_a_large_message_that_is_gone_is_refused(pop3: Any) -> None:
    [message] = pop3.add(LARGE)
    conversation = pop3.logged_in()
    pop3.store.delete(pop3.project, [message.id])
    conversation.send(b"RETR 1\r\nTOP 1 1\r\nNOOP\r\n")

    gone = b"-ERR Message 1 is gone: it was deleted meanwhile"
    assert [conversation.line() for _ in range(3)] == [gone, gone, b"+OK"]


def test_in_a_project_that_was_deleted_nothing_is_left_to_mark_or_to_remove(
    pop3: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pop3.add(*numbered(4))
    session = pop3.session()  # that has not heard of it
    list(session.receive(b"USER ann@example.com\r\nPASS x\r\nRETR 1\r\nRETR 2\r\nRETR 3\r\nDELE 1\r\n"))
    pop3.store.delete_project(pop3.project)

    assert b"".join(session.receive(b"QUIT\r\n")) == b"+OK Bye\r\n"
    assert caplog.text == ""


# -- what goes wrong


def test_a_store_that_is_closed_is_said_to_be_so_and_the_session_goes_on(
    make_pop3: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore()
    pop3 = make_pop3(store)
    pop3.add(*numbered(2))
    conversation = pop3.logged_in()
    late = pop3.connect()
    store.close()

    conversation.send(b"RETR 1\r\nDELE 1\r\nSTAT\r\nQUIT\r\n")
    late.send(b"USER ann@example.com\r\nPASS x\r\nSTAT\r\n")
    assert conversation.rest() == [
        b"-ERR [SYS/TEMP] The store cannot be used now",
        b"+OK Message 1 is marked as deleted",
        b"+OK 1 14",
        b"-ERR [SYS/TEMP] Some deleted messages are not removed",
    ]
    assert [late.line() for _ in range(3)] == [
        b"+OK",
        b"-ERR [SYS/TEMP] The store cannot be used now",
        b"-ERR STAT is not allowed now: log in first",
    ]


def test_a_bug_is_logged_and_answered_and_the_session_goes_on(
    pop3: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def boom(_session: Session, argument: str) -> Iterator[bytes]:
        yield b"+OK\r\nhalf of " if argument else b""
        raise ZeroDivisionError

    monkeypatch.setitem(COMMANDS, "BOOM", Command("BOOM", boom, ANY, "BOOM", lambda _: None, takes_argument=True))
    conversation = pop3.logged_in()
    conversation.send(b"BOOM\r\nNOOP\r\n")
    said = [conversation.line(), conversation.line()]
    conversation.send(b"BOOM later\r\nNOOP\r\n")

    assert said == [b"-ERR [SYS/TEMP] Internal error; the log of the sandbox has the details", b"+OK"]
    assert "ZeroDivisionError" in caplog.text
    assert conversation.session.closing
    assert bytes(conversation.received) == b"+OK\r\nhalf of "


@pytest.mark.parametrize("junk", [b"NOPE", b"LIST x", b"\0", b"x" * 3000])
def test_too_much_nonsense_ends_a_session(pop3: Any, junk: bytes) -> None:
    conversation = pop3.connect()
    conversation.send(b"LIST 1\r\n" + (junk + b"\r\n") * (JUNK_LIMIT + 5) if junk != b"LIST x" else b"")
    if junk == b"LIST x":
        conversation = pop3.logged_in()
        conversation.send((junk + b"\r\n") * (JUNK_LIMIT + 5))

    lines = conversation.rest()
    assert lines[-1] == b"-ERR [SYS/TEMP] Too many errors"
    assert len([line for line in lines if line.startswith(b"-ERR") and b"allowed now" not in line]) == JUNK_LIMIT + 1


def test_a_line_that_is_too_long_is_refused_and_the_next_is_carried_out(pop3: Any) -> None:
    conversation = pop3.connect()
    conversation.send(b"USER " + b"x" * 5000 + b"\r\n" + b"y" * 1_000_000 + b"\r\nUSER ann\r\n", 1000)

    assert [conversation.line() for _ in range(3)] == [
        b"-ERR a line may have 2,048 octets",
        b"-ERR a line may have 2,048 octets",
        b"+OK",
    ]


def test_who_is_dismissed_has_removed_nothing(pop3: Any) -> None:
    pop3.add(*numbered(2))
    session = pop3.session()
    list(session.receive(b"USER ann@example.com\r\nPASS x\r\nDELE 1\r\n"))
    said = b"".join(session.dismiss("Idle for too long"))
    session.ended()
    session.ended()

    assert said == b"-ERR [SYS/TEMP] Idle for too long\r\n"
    assert session.closing
    assert len(pop3.left()) == 2


# -- what the driver is told


def test_the_driver_knows_whom_a_session_concerns_and_how_long_to_wait(pop3: Any) -> None:
    pop3.add()
    session = pop3.session()
    assert (session.mailbox, session.project, session.idle_limit) == (None, None, 60.0)
    list(session.receive(b"USER ann@example.com\r\nPA"))
    assert session.wants_more
    list(session.receive(b"SS x\r\n"))

    assert not session.wants_more
    inbox = pop3.store.mailbox(pop3.project, "ann@example.com")
    assert (session.mailbox, session.project, session.idle_limit) == (inbox.id, pop3.project, 600.0)


def test_removing_many_messages_blocks_and_a_session_hears_of_it_silently(pop3: Any) -> None:
    pop3.add(*numbered(2100))
    session = pop3.session()
    heard: list[Event] = []
    unsubscribe = pop3.store.bus.subscribe(heard.append)
    list(session.receive(b"USER ann@example.com\r\nPASS x\r\n"))
    list(session.receive(b"".join(b"DELE %d\r\n" % n for n in range(1, 2101))))
    blocking = [(session.blocking, chunk) for chunk in session.receive(b"QUIT\r\n")]
    unsubscribe()

    assert blocking[0] == (True, b"")
    assert blocking[-1] == (False, b"")
    assert not list(chain.from_iterable(map(session.notify, heard)))
    assert pop3.left() == []


# -- the transcript


@pytest.mark.parametrize(
    "said",
    [
        b"PASS hunter2",
        b"  pass  hunter2 x",
        b"PASS\0hunter2",
        b"PASS\thunter2",
        b"AUTH PLAIN AGFubgBodW50ZXIy",
        b"auth  xoauth2  hunter2",
        b"APOP ann hunter2",
        b"AUTH PLAIN\r\nAGFubgBodW50ZXIy",
        b"AUTH LOGIN\r\nYW5u\r\naHVudGVyMg==",
    ],
)
def test_no_transcript_has_a_password(pop3: Any, said: bytes) -> None:
    conversation = pop3.connect()
    conversation.send(b"USER ann\r\n" + said + b"\r\n")

    lines = [line.octets for line in conversation.session.transcript.lines() if line.who == "C"]
    assert not [line for line in lines if b"hunter2" in line or b"aHVudGVyMg" in line or b"Bodw50" in line]
    assert any(line.endswith(MASKED) for line in lines)


def test_a_transcript_has_the_first_line_of_every_response(pop3: Any) -> None:
    pop3.add()
    conversation = pop3.logged_in()
    conversation.send(b"RETR 1\r\nLIST\r\nQUIT\r\n")

    greeting, *lines = conversation.session.transcript.lines()
    assert greeting.octets.startswith(b"+OK sandbox.localhost POP3 mailtrap-sandbox <")
    assert [(line.who, line.octets) for line in lines] == [
        ("C", b"USER ann@example.com"),
        ("S", b"+OK"),
        ("C", b"PASS " + MASKED),
        ("S", b"+OK 1 message"),
        ("C", b"RETR 1"),
        ("S", b"+OK 31 octets"),
        ("C", b"LIST"),
        ("S", b"+OK 1 message (31 octets)"),
        ("C", b"QUIT"),
        ("S", b"+OK Bye"),
    ]


def test_who_logs_in_to_an_account_that_is_not_there_makes_nothing(pop3: Any) -> None:
    conversation = pop3.logged_in("nobody@example.com")
    conversation.send(b"QUIT\r\n")

    assert conversation.rest() == [b"+OK Bye"]
    assert pop3.store.mailboxes(pop3.project, "nobody@example.com") == []


def test_a_name_may_have_its_project_before_it(pop3: Any) -> None:
    there = pop3.store.project("team-a")
    here = pop3.project
    pop3.project = there.id
    pop3.add(to="bob@example.com")
    pop3.project = here

    for name in (b"team-a/bob@example.com", b"team-a"):
        conversation = pop3.connect()
        conversation.send(b"USER %b\r\nPASS x\r\nSTAT\r\n" % name)
        assert conversation.line() == b"+OK"
        assert conversation.session.project in (None, there.id)
        assert (conversation.line() or b"") != b"+OK 0 messages"


def test_the_log_says_nothing_in_ordinary_life(pop3: Any, caplog: pytest.LogCaptureFixture) -> None:
    pop3.add(*numbered(3))
    conversation = pop3.logged_in()
    conversation.send(b"STAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nDELE 1\r\nNOPE\r\nQUIT\r\n")
    conversation.rest()

    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
