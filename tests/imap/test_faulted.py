"""Faults as Python's own client meets them, over sockets; and that a session is as if what was refused was not said."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from conversations import SansIo
from hypothesis import given, settings
from hypothesis import strategies as st
from messages import new_message

from mailtrap.clock import Clock
from mailtrap.current import Current
from mailtrap.faults import Faults, Rule
from mailtrap.imap.session import Session, World
from mailtrap.sandbox import Sandbox
from mailtrap.store import Store

PATIENCE = 20.0
MESSAGE = b"Subject: hello\r\n\r\n" + b"0123456789" * 100 + b"\r\n"
ANN = "ann@example.com"

Client = imaplib.IMAP4


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(imap=0, imaps=0, starttls=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    with running.current.set_to(running.store.new_project().id):
        running.deliver(MESSAGE, rcpt_to=[ANN])
        yield running
        running.faults.clear()


@pytest.fixture
def want(sandbox: Sandbox) -> Callable[..., Rule]:
    return lambda at, do, **words: sandbox.faults.add(Rule(at, do, **words))


Want = Callable[..., Rule]


def connect(sandbox: Sandbox) -> Client:
    return Client("localhost", sandbox.imap_port, timeout=PATIENCE)


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """Ann's."""
    client = connect(sandbox)
    client.login(ANN, "secret")
    yield client
    with suppress(OSError):  # closed long ago
        client.shutdown()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def transcript(sandbox: Sandbox, rule: Rule) -> str:
    """That of the session that *rule* happened to, once it is over."""
    while True:
        for session in sandbox.store.sessions():
            said = "\n".join(f"{line.who} {line.text}" for line in sandbox.store.transcript(session.id).lines())
            if f"- fault {rule.id}: " in said:
                return said


@pytest.mark.parametrize(
    ("do", "status", "text"),
    [("no", "NO", b"refused by a fault"), ("no LIMIT slower", "NO", b"[LIMIT] slower"), ("bad what?", "BAD", b"what?")],
)
def test_a_refused_command_is_not_carried_out_and_the_next_is(
    client: Client, want: Want, do: str, status: str, text: bytes
) -> None:
    want("imap.CREATE", do, times=1)
    if status == "BAD":
        with pytest.raises(client.error, match="what"):
            client.create("Box")
    else:
        assert client.create("Box") == (status, [text])

    assert client.create("Box")[0] == "OK"


def test_a_log_in_that_is_refused_is_one(sandbox: Sandbox, want: Want) -> None:
    want("imap.LOGIN", "no AUTHENTICATIONFAILED wrong", account=ANN, times=1)
    client = connect(sandbox)

    with pytest.raises(client.error, match="AUTHENTICATIONFAILED"):
        client.login(ANN, "secret")
    assert client.authenticate("PLAIN", lambda _: f"\0{ANN}\0secret".encode())[0] == "OK"
    client.shutdown()


def test_a_message_that_is_refused_is_not_even_sent(sandbox: Sandbox, client: Client, want: Want) -> None:
    rule = want("imap.APPEND", "no OVERQUOTA full", times=1)
    assert client.append("INBOX", "", None, MESSAGE) == ("NO", [b"[OVERQUOTA] full"])
    assert client.append("INBOX", "", None, MESSAGE)[0] == "OK"
    client.logout()

    assert "a literal of" in transcript(sandbox, rule)


def test_uid_commands_are_commands(client: Client, want: Want) -> None:
    want("imap.FETCH", "no", skip=1, times=1)
    client.select()

    assert [client.uid("FETCH", "1", "(UID)")[0] for _ in range(3)] == ["OK", "NO", "OK"]


@pytest.mark.parametrize("at", ["imap.connect", "imap.banner"])
def test_who_is_turned_away_is_told_so_in_the_greeting(sandbox: Sandbox, want: Want, at: str) -> None:
    want(at, "bye in maintenance")

    with pytest.raises(Client.error, match="in maintenance"):
        connect(sandbox)


def test_good_bye_ends_the_session(client: Client, want: Want) -> None:
    want("imap.NOOP", "bye going down")

    with pytest.raises(client.abort):
        client.noop()


@pytest.mark.parametrize("do", ["drop", "drop rst"])
def test_a_dropped_connection_ends_without_a_word(sandbox: Sandbox, client: Client, want: Want, do: str) -> None:
    rule = want("imap.SELECT", do)

    with pytest.raises((client.abort, ConnectionResetError)):
        client.select()
    assert re.search(rf"C \w+ SELECT INBOX\n- fault {rule.id}: {do}$", transcript(sandbox, rule))


def test_an_answer_may_break_off(client: Client, want: Want) -> None:
    want("imap.FETCH", "drop after 500")
    client.select()

    with pytest.raises(client.abort):
        client.fetch("1", "(RFC822)")


def test_one_that_hangs_is_given_up_by_its_client_and_then_over(sandbox: Sandbox, client: Client, want: Want) -> None:
    rule = want("imap.NOOP", "hang")
    client.sock.settimeout(0.05)

    with pytest.raises(OSError, match=r"timed out|cannot read"):
        client.noop()
    client.shutdown()
    assert transcript(sandbox, rule).endswith(f"- fault {rule.id}: hang")


def test_what_is_delayed_comes_when_the_clock_is_ahead(
    sandbox: Sandbox, client: Client, want: Want, pool: ThreadPoolExecutor
) -> None:
    want("imap.SELECT", "delay 1h")
    selected: Future[tuple[str, list[bytes | None]]] = pool.submit(client.select)
    other = connect(sandbox)
    assert other.noop()[0] == "OK"  # nobody else waits
    while not selected.done():
        sandbox.clock.advance(3600)

    assert selected.result() == ("OK", [b"1"])
    other.shutdown()


def test_a_slow_answer_comes_whole(sandbox: Sandbox, client: Client, want: Want, pool: ThreadPoolExecutor) -> None:
    want("imap.FETCH", "slow 2000/s")
    client.select()
    fetched = pool.submit(client.fetch, "1", "(RFC822)")
    while not fetched.done():
        sandbox.clock.advance(0.1)

    [literal, _] = fetched.result()[1]
    assert literal[1] == MESSAGE  # type: ignore[index]  # the stubs know little of FETCH


def test_the_end_waits_for_no_delay(client: Client, want: Want) -> None:
    with Sandbox(imap=0) as sandbox:
        rule = sandbox.faults.add(Rule("imap.NOOP", "delay 1h"))
        client = connect(sandbox)
        client.send(b"1 NOOP\r\n")
        while not sandbox.faults.rule(rule.id).hits:
            pass
        sandbox.stop()

        assert client.readline() == b"1 OK NOOP completed\r\n"
        assert client.readline().startswith(b"* BYE")
        client.shutdown()


def test_a_capability_that_is_hidden_is_not_used(sandbox: Sandbox, want: Want) -> None:
    want("imap.CAPABILITY", "hide enable")
    want("imap.CAPABILITY", "offer X-FAULTY")
    client = connect(sandbox)
    client.login(ANN, "secret")

    assert "X-FAULTY" in client.capabilities
    with pytest.raises(client.error, match="does not support ENABLE"):
        client.enable("IMAP4rev2")
    client.shutdown()


def test_a_mailbox_looks_as_if_made_anew(client: Client, want: Want) -> None:
    client.select()
    [before] = client.response("UIDVALIDITY")[1]
    want("imap.SELECT", "stale-uidvalidity", times=1)
    client.select()
    [stale] = client.response("UIDVALIDITY")[1]
    client.select()

    assert before != stale
    assert client.response("UIDVALIDITY")[1] == [before]


@pytest.mark.parametrize("at", ["imap.connect", "imap.starttls", "imap.*"])
@pytest.mark.parametrize(
    ("kind", "said"),
    [("expired", "has expired"), ("other-name", "Hostname mismatch"), ("self-signed", "self-signed certificate")],
)
def test_a_wrong_certificate_is_refused(sandbox: Sandbox, want: Want, at: str, kind: str, said: str) -> None:
    want(at, f"certificate {kind}")
    context = ssl.create_default_context(cadata=sandbox.tls.ca_pem().decode())
    client = connect(sandbox)

    with pytest.raises(ssl.SSLCertVerificationError, match=said):
        client.starttls(context)
    with pytest.raises(ssl.SSLCertVerificationError, match=said):
        imaplib.IMAP4_SSL("localhost", sandbox.address("imaps")[1], ssl_context=context, timeout=PATIENCE)
    client.file.close()


@pytest.mark.parametrize("do", ["bye later", "drop", "drop rst"])
def test_a_connection_for_tls_can_end_before_that(sandbox: Sandbox, want: Want, do: str) -> None:
    want("imap.starttls", do)

    with pytest.raises(OSError, match=r"EOF|reset"):
        imaplib.IMAP4_SSL("localhost", sandbox.address("imaps")[1], timeout=PATIENCE)


def test_another_project_is_none_of_its_business(sandbox: Sandbox, client: Client, want: Want) -> None:
    want("imap.*", "bye", project=sandbox.store.new_project().id)

    assert client.noop()[0] == "OK"


# -- a session is as if what was refused was not said

COMMANDS = st.sampled_from(
    [
        *("SELECT INBOX", "EXAMINE INBOX", "SELECT Box", "CREATE Box", "DELETE Box", "CLOSE", "UNSELECT", "EXPUNGE"),
        *(
            "FETCH 1:* (UID FLAGS)",
            "UID FETCH 2 (RFC822.SIZE)",
            "STORE 1 +FLAGS (\\Deleted $Work)",
            "UID STORE 2 FLAGS ()",
        ),
        *("SEARCH ALL", "UID SEARCH RETURN (ALL SAVE) DELETED", "UID FETCH $ UID", "COPY 1 Box", "UID MOVE 2 Box"),
        *("APPEND INBOX {5}\r\nhello", "APPEND {3}\r\nBox {5+}\r\nhello", "STATUS INBOX (MESSAGES UIDNEXT UNSEEN)"),
        *(
            "NOOP",
            "ENABLE IMAP4rev2",
            "IDLE\r\nDONE",
            'LIST "" *',
            "LSUB {0}\r\n *",
            "STATUS {3}\r\nBox (MESSAGES)",
            "FOO",
        ),
    ]
)
FAULTS = st.sampled_from(["no", "no UNAVAILABLE", "bad", "delay 1s"])


@settings(max_examples=150)
@given(commands=st.lists(COMMANDS, max_size=20), do=FAULTS, chance=st.sampled_from([0.2, 0.5]), seed=st.integers(0, 99))
def test_what_is_refused_might_as_well_not_have_been_said(
    store: Store, commands: list[str], do: str, chance: float, seed: int
) -> None:
    faults = Faults(Clock())
    met, plain = (_session(store, given) for given in (faults, Faults(Clock())))
    faults.add(Rule("imap.*", do, chance=chance, seed=seed))
    for number, command in enumerate(commands):
        answer = _answer(met, f"{number} {command}")
        if b"refused by a fault" in answer[-1]:
            assert answer[:-1] == []
        else:
            assert answer == _answer(plain, f"{number} {command}")
    for session in (met, plain):
        session.hang_up()


def _session(store: Store, faults: Faults) -> SansIo:
    project = store.new_project().id
    for _ in range(3):
        store.add(new_message(project, MESSAGE)).result()
    session: Any = Session(World(store, Current(project), faults=faults))
    conversation = SansIo(session, store.bus)
    conversation.line()
    assert _answer(conversation, f"a LOGIN {ANN} secret")[-1].startswith(b"a OK")
    return conversation


def _answer(session: SansIo, command: str) -> list[bytes]:
    """What is answered, without what depends on the mailbox's number; a literal is sent when it is asked for."""
    lines: list[bytes] = []
    tag = command.partition(" ")[0].encode()
    for piece in re.split(r"(?<=\r\n)", command + "\r\n"):
        if lines and not lines[-1].startswith(b"+"):
            break
        session.send(piece.encode())
        while session.received:
            lines.append(session.line() or b"")
    assert lines[-1].startswith(tag + b" ")
    return [re.sub(rb"\d{9,}", b"<number>", line) for line in lines]
