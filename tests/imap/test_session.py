"""Sessions: who logs in, what a transcript shows, and what is committed while a command or its client is slow."""

from __future__ import annotations

import gc
import weakref
from base64 import b64encode
from collections.abc import Iterator
from itertools import takewhile

import pytest
from conversations import SansIo
from messages import new_message

from mailtrap.bus import Added, Bus, Changed, Event, Filed, Removed
from mailtrap.configured import Configured
from mailtrap.current import Current
from mailtrap.imap import heard
from mailtrap.imap.session import JUNK_LIMIT, Session, World
from mailtrap.store import Store
from mailtrap.store.records import Flag

ANN = "ann@example.com"
LOG_IN = b"1 LOGIN ann@example.com secret\r\n"
SELECT = LOG_IN + b"2 SELECT INBOX\r\n"


@pytest.fixture
def world(store: Store) -> World:
    return World(store, Current(store.new_project().id))


def deliver(world: World, to: str = ANN, count: int = 1) -> None:
    for _ in range(count):
        world.store.add(new_message(world.current.project, rcpt_to=(to,))).result()


def talk(world: World, said: bytes = b"") -> SansIo:
    client = SansIo(Session(world), world.store.bus)
    client.send(said)
    client.received.clear()
    return client


def answer(client: SansIo, said: bytes) -> list[bytes]:
    client.send(said)
    lines = bytes(client.received).splitlines()
    client.received.clear()
    return lines


def output(chunks: Iterator[bytes]) -> bytes:
    return b"".join(chunks)


# -- who logs in


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        (b"nobody@x.test", 0),
        (b"ann@example.com", 1),
        (b"ANN@Example.com", 1),
        (b"catchall", 1),
        (b"no-such/catchall", 0),
    ],
)
def test_a_name_is_an_account_of_the_current_project(world: World, name: bytes, messages: int) -> None:
    deliver(world)
    client = talk(world, b'1 LOGIN "%b" x\r\n' % name)

    assert answer(client, b"a STATUS INBOX (MESSAGES)\r\n")[0] == b"* STATUS INBOX (MESSAGES %d)" % messages


@pytest.mark.parametrize(
    ("rest", "messages"), [("", 2), ("/", 2), ("/catchall", 2), ("/ann@example.com", 2), ("/x/y", 0)]
)
def test_a_project_may_be_named_before_the_account(world: World, rest: str, messages: int) -> None:
    deliver(world)
    other = world.store.new_project()
    for _ in range(2):
        world.store.add(new_message(other.id, rcpt_to=(ANN,))).result()
    client = talk(world, f"1 LOGIN {other.name}{rest} x\r\n".encode())

    assert answer(client, b"a STATUS INBOX (MESSAGES)\r\n")[0] == b"* STATUS INBOX (MESSAGES %d)" % messages


@pytest.mark.parametrize("said", [b"", b"AQ==", b"*", b"no base64"])
def test_a_token_that_is_refused_was_wrong_whatever_is_said_to_its_explanation(world: World, said: bytes) -> None:
    world.accounts.put(world.current.project, Configured(ANN, "s3cret"))
    client = talk(world, b"1 AUTHENTICATE XOAUTH2\r\n*\r\n")  # nothing was shown: that is none
    wrong = b64encode(b"user=ann@example.com\x01auth=Bearer wrong\x01\x01")

    for pause in (0, 0.5):
        assert answer(client, b"a AUTHENTICATE XOAUTH2 " + wrong + b"\r\n")[0].startswith(b"+ ey")
        assert client.session.pause == pause  # before anything is said of it
        assert answer(client, said + b"\r\n")[0].startswith(b"a NO [AUTHENTICATIONFAILED] ")
    assert answer(client, b"b LOGIN ann@example.com s3cret\r\n")[0].startswith(b"b OK ")


# -- the transcript


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"a LOGIN ann s3cret", b"a LOGIN ********"),
        (b"a login ann s3cret", b"a login ********"),
        (b'a LOGIN "ann" "s3cret"', b"a LOGIN ********"),
        (b"a LOGIN {3}\r\nann {6+}\r\ns3cret", b"a LOGIN ********"),
        (b"a  LOGIN ann s3cret", b"a  LOGIN ********"),
        (b"LOGIN ann s3cret", b"LOGIN ********"),
        (b"a LOGIN\tann s3cret", b"a LOGIN\t********"),
        (b"a AUTHENTICATE\tPLAIN\tczNjcmV0", b"a AUTHENTICATE\tPLAIN\t********"),
        (b"a AUTHENTICATE PLAIN czNjcmV0", b"a AUTHENTICATE PLAIN ********"),
        (b"a authenticate  plain  s3cret", b"a authenticate  plain  ********"),
        (b"a AUTHENTICATE PLAIN\r\nczNjcmV0", b"a AUTHENTICATE PLAIN"),
    ],
)
def test_no_credentials_are_shown(world: World, said: bytes, shown: bytes) -> None:
    client = talk(world, said + b"\r\n")

    lines = [line.octets for line in client.session.transcript.lines()]
    assert shown in lines
    assert not [line for line in lines if b"s3cret" in line or b"czNjcmV0" in line]


def test_commands_with_those_words_in_them_are_shown(world: World) -> None:
    client = talk(world, LOG_IN + b"a CREATE LOGIN\r\nb SELECT LOGIN x\r\n")

    shown = str(client.session.transcript)
    assert "a CREATE LOGIN" in shown
    assert "b SELECT LOGIN x" in shown


def test_a_literal_is_shown_by_its_size(world: World) -> None:
    client = talk(world, LOG_IN + b"a APPEND INBOX {5}\r\nhello\r\n")

    shown = str(client.session.transcript)
    assert "a APPEND INBOX {5}" in shown
    assert "hello" not in shown


# -- ends


def test_a_hundred_commands_without_sense_end_a_session(world: World) -> None:
    client = talk(world, b"a NONSENSE\r\n" * (JUNK_LIMIT - 1))
    assert answer(client, b"b NOOP\r\n") == [b"b OK NOOP completed"]

    *_, last = answer(client, b"a NONSENSE\r\n")
    assert last == b"* BYE too many commands that make no sense"
    assert client.closed


@pytest.mark.parametrize("command", [b"FETCH 1:* FLAGS", b"STORE 1 FLAGS ()", b"SEARCH 1", b"COPY 1 INBOX"])
def test_to_ask_for_messages_that_are_not_there_yet_makes_sense(world: World, command: bytes) -> None:
    client = talk(world, SELECT)
    said = answer(client, (b"a " + command + b"\r\n") * (JUNK_LIMIT + 1))

    assert {line[:5] for line in said} == {b"a BAD"}
    assert answer(client, b"b NOOP\r\n") == [b"b OK NOOP completed"]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"a NO",
        LOG_IN,
        LOG_IN + b"a APPEND x {9}\r\nh",
        b"a AUTHENTICATE PLAIN\r\n",
        SELECT,
        SELECT + b"a IDLE\r\n",
    ],
)
def test_a_session_may_end_anywhere_and_twice(world: World, said: bytes) -> None:
    client = talk(world, said)
    session = client.session

    client.hang_up()
    session.ended()

    assert session.mailbox is None
    deliver(world)
    assert output(session.receive(b"b NOOP\r\n")) == b""


@pytest.mark.parametrize(
    "command", [b"SELECT INBOX", b"STORE 1 +FLAGS (\\Seen)", b"EXPUNGE", b"FETCH 1 BODY[]", b'LIST "" *']
)
def test_a_session_may_end_in_the_middle_of_a_command(world: World, command: bytes) -> None:
    deliver(world)
    for chunks in range(1, 6):
        client = talk(world, SELECT)
        running = client.session.receive(b"a " + command + b"\r\n")
        for _ in range(chunks):
            next(running, None)
        running.close()
        client.hang_up()

    assert answer(talk(world, SELECT), b"a NOOP\r\n") == [b"a OK NOOP completed"]


def test_a_server_that_goes_says_so(world: World) -> None:
    client = talk(world, SELECT + b"a IDLE\r\n")

    assert output(client.session.dismiss("shutting down")) == b"* BYE shutting down\r\n"
    assert client.session.closing


# -- what is committed while a command runs


def test_of_a_silent_store_what_another_did_at_that_moment_is_told(world: World) -> None:
    deliver(world)
    client = talk(world, SELECT)
    session = client.session
    assert isinstance(session, Session)
    running = session.receive(b"a STORE 1 +FLAGS.SILENT (\\Seen)\r\n")
    assert next(running) == b""  # from here on in a thread
    assert session.mailbox is not None
    world.store.flag(session.mailbox, [1], add=Flag.FLAGGED)

    assert output(running) == b"* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen \\Recent))\r\na OK STORE completed\r\n"


def test_what_is_committed_between_listening_and_looking_is_told_once(world: World) -> None:
    deliver(world)
    session = Session(world)
    unsubscribe = world.store.bus.subscribe(lambda event: output(session.notify(event)) and None)
    output(session.receive(LOG_IN))
    running = session.receive(b"a SELECT INBOX\r\n")
    while session.mailbox is None:
        next(running)
    deliver(world)

    assert output(running).startswith(b"* 2 EXISTS\r\n")
    assert output(session.receive(b"b NOOP\r\n")) == b"b OK NOOP completed\r\n"
    unsubscribe()


def test_what_goes_while_a_mailbox_is_selected_is_told_with_the_next_command(world: World) -> None:
    deliver(world, count=2)
    session = Session(world)
    unsubscribe = world.store.bus.subscribe(lambda event: output(session.notify(event)) and None)
    output(session.receive(LOG_IN))
    running = session.receive(b"a SELECT INBOX\r\n")
    described = next(chunk for chunk in running if chunk)
    assert described.startswith(b"* 2 EXISTS\r\n")
    assert session.mailbox is not None
    world.store.remove(session.mailbox, [1], "pop3")

    assert b"EXPUNGE" not in output(running)
    assert output(session.receive(b"b NOOP\r\n")) == b"* 1 EXPUNGE\r\nb OK NOOP completed\r\n"
    unsubscribe()


def test_news_that_the_client_does_not_read_stay_in_order(world: World) -> None:
    deliver(world, count=3)
    client = talk(world, SELECT + b"a IDLE\r\n")
    session = client.session
    assert isinstance(session, Session)
    assert session.mailbox is not None
    client._unsubscribe()
    events: list[Event] = []
    unsubscribe = world.store.bus.subscribe(events.append)
    world.store.flag(session.mailbox, [1], add=Flag.SEEN)
    world.store.remove(session.mailbox, [2], "pop3")
    deliver(world)
    world.store.remove(session.mailbox, [1], "pop3")
    unsubscribe()

    said = b""
    slow: list[Iterator[bytes]] = []
    for event in events:  # the driver takes the first piece of each, and the others when the client reads
        told = session.notify(event)
        slow.append(told)
        said += next(told, b"")
    said += b"".join(map(output, slow))
    assert said == (
        b"* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))\r\n"
        b"* 2 EXPUNGE\r\n* 1 EXPUNGE\r\n* 2 EXISTS\r\n* 2 RECENT\r\n"
    )  # fmt: skip


def test_a_line_too_long_ends_idle_and_authenticate(world: World) -> None:
    client = talk(world)
    assert answer(client, b"a AUTHENTICATE PLAIN\r\n" + b"x" * 70_000 + b"\r\n") == [
        b"+ ",
        b"a BAD [TOOBIG] the line is too long",
    ]
    answer(client, SELECT)

    assert answer(client, b"b IDLE\r\n" + b"x" * 70_000 + b"\r\n") == [
        b"+ idling",
        b"b BAD [TOOBIG] the line is too long",
    ]
    assert answer(client, b"c NOOP\r\n") == [b"c OK NOOP completed"]


# -- what a session keeps of what it cannot tell


def test_a_client_that_says_nothing_keeps_no_messages_alive(world: World) -> None:
    session = Session(world)
    output(session.receive(SELECT))

    class Octets:
        def __call__(self) -> bytes:
            return b""

    octets = Octets()
    assert session.mailbox is not None
    filed = (Filed(session.mailbox, 1),)
    output(session.notify(Added(world.current.project, 1 << 40, None, filed, octets)))
    kept = weakref.ref(octets)
    del octets
    gc.collect()

    assert kept() is None


def test_what_is_committed_while_a_client_does_not_read_takes_no_room(world: World) -> None:
    deliver(world, count=3)
    session = Session(world)
    output(session.receive(SELECT))
    mailbox = session.mailbox
    assert mailbox is not None
    running = session.receive(b"a STORE 1 +FLAGS (\\Seen)\r\n")
    assert next(running) == b""
    heard_of = session._heard
    assert heard_of is not None
    for number in range(20_000):
        output(session.notify(Changed(world.current.project, (1 << 40) + number, mailbox=mailbox, uids=(1, 2, 3))))
    assert len(heard_of._notes) <= heard.MOST
    world.store.remove(mailbox, [2], "pop3")
    deliver(world)

    assert output(running).splitlines() == [
        rb"* 1 FETCH (UID 1 FLAGS (\Seen \Recent))",
        rb"* 4 EXISTS",
        rb"* 4 RECENT",
        rb"* 1 FETCH (UID 1 FLAGS (\Seen \Recent))",
        rb"* 2 FETCH (UID 2 FLAGS (\Recent))",
        rb"* 3 FETCH (UID 3 FLAGS (\Recent))",
        b"a OK STORE completed",
    ]
    assert output(session.receive(b"b NOOP\r\n")) == b"* 2 EXPUNGE\r\nb OK NOOP completed\r\n"


def test_what_came_and_went_unseen_is_not_told(world: World) -> None:
    session = Session(world)
    output(session.receive(SELECT))
    mailbox = session.mailbox
    assert mailbox is not None
    for uid in range(1, 5000):
        at = (1 << 40) + 2 * uid
        output(session.notify(Added(world.current.project, at, None, (Filed(mailbox, uid),), bytes)))
        output(session.notify(Removed(world.current.project, at + 1, mailbox, (uid,))))

    selected = session.selected
    assert selected is not None
    assert not selected._arrived
    assert not selected._gone
    assert output(session.receive(b"a NOOP\r\n")) == b"a OK NOOP completed\r\n"


# -- many of everything


def test_ten_thousand_mailboxes_are_listed(world: World) -> None:
    project = world.current.project
    names = [f"{first}/{second}" for first in range(100) for second in range(100)]
    world.store.open_mailbox(project, ANN, "INBOX")
    for name in (*map(str, range(100)), *names):
        world.store.subscribe(project, ANN, name, True)
    client = talk(world, LOG_IN)

    assert len(answer(client, b'a LSUB "" *\r\n')) == 10_106 + 1
    assert len(answer(client, b'a LIST (SUBSCRIBED RECURSIVEMATCH) "" %\r\n')) == 106 + 1
    assert len(answer(client, b'a LIST "" ("%b")\r\n' % (b"*1" * 1000))) == 1


def test_more_than_a_hundred_patterns_are_refused(world: World) -> None:
    client = talk(world, LOG_IN)

    assert answer(client, b'a LIST "" (%b)\r\n' % b" ".join([b"*"] * 101)) == [
        b"a NO [LIMIT] there are more than 100 patterns"
    ]


def test_ten_thousand_literals_are_read(world: World) -> None:
    client = talk(world, LOG_IN)

    *_, last = answer(client, b"a ID (" + b"{0+}\r\n " * 9_999 + b"{0+}\r\n)\r\n")
    assert last == b"a OK ID completed"


def test_output_comes_in_pieces_whoever_reads_it(world: World) -> None:
    for number in range(3000):
        world.store.subscribe(world.current.project, ANN, f"{number:0100}", True)
    client = talk(world, LOG_IN)
    client.chunks.clear()
    answer(client, b'a LIST (SUBSCRIBED) "" *\r\n')

    assert max(map(len, client.chunks)) <= 1 << 16
    assert len(list(takewhile(bool, reversed(client.chunks)))) > 0


# -- in a project that was deleted, of which it has not heard


@pytest.mark.parametrize(
    "command",
    [
        b"APPEND INBOX {1+}\r\nx",
        b"APPEND Sent {1+}\r\nx",
        b"COPY 1 Kept",
        b"MOVE 1 Kept",
        rb"STORE 1 +FLAGS (\Deleted)",
        b"CREATE New",
        b"RENAME Kept New",
        b"DELETE Kept",
        b"SUBSCRIBE New",
    ],
)
def test_nothing_is_written_into_a_project_that_was_deleted(world: World, command: bytes) -> None:
    deliver(world)
    client = SansIo(Session(world), Bus())
    client.send(SELECT + b"3 CREATE Kept\r\n")
    client.received.clear()
    world.store.delete_project(world.current.project)

    assert answer(client, b"a %b\r\n" % command)[-1] == b"a NO [NONEXISTENT] the project was deleted"
    assert answer(client, b"b NOOP\r\n")[-1] == b"b OK NOOP completed"


@pytest.mark.parametrize("command", [b"FETCH 1 BODY[]", b"EXPUNGE", b"CLOSE", b"STATUS INBOX (MESSAGES)", b'LIST "" *'])
def test_what_only_reads_there_finds_it_empty(world: World, command: bytes) -> None:
    deliver(world)
    client = SansIo(Session(world), Bus())
    client.send(SELECT)
    client.received.clear()
    world.store.delete_project(world.current.project)

    assert b"hello" not in b"".join(answer(client, b"a %b\r\n" % command)).lower()
