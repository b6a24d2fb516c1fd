"""Faults as Python's own client meets them, over sockets."""

from __future__ import annotations

import poplib
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mailtrap.faults import Rule
from mailtrap.sandbox import Sandbox

PATIENCE = 20.0
MESSAGE = b"Subject: hello\r\n\r\n" + b"0123456789\r\n" * 100
ANN = "ann@example.com"

Want = Callable[..., Rule]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(pop3=0, pop3s=0, starttls=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    with running.current.set_to(running.store.new_project().id):
        running.deliver(MESSAGE, rcpt_to=[ANN])
        yield running
        running.faults.clear()


@pytest.fixture
def want(sandbox: Sandbox) -> Want:
    return lambda at, do, **words: sandbox.faults.add(Rule(at, do, **words))


def connect(sandbox: Sandbox) -> poplib.POP3:
    return poplib.POP3("localhost", sandbox.pop3_port, timeout=PATIENCE)


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[poplib.POP3]:
    """Ann's."""
    client = connect(sandbox)
    client.user(ANN)
    client.pass_("secret")
    yield client
    client.close()


def left(sandbox: Sandbox) -> int:
    return len(sandbox.store.entries(sandbox.store.mailbox(sandbox.current.project, ANN).id))


def test_a_refused_command_is_not_carried_out_and_the_next_is(client: poplib.POP3, want: Want) -> None:
    want("pop3.DELE", "no SYS/TEMP not now", times=1)

    with pytest.raises(poplib.error_proto, match=r"-ERR \[SYS/TEMP\] not now"):
        client.dele(1)
    assert client.stat()[0] == 1
    client.dele(1)
    assert client.stat()[0] == 0


@pytest.mark.parametrize("octets", [1, 3, 20])
def test_an_answer_may_break_off_in_its_first_line(client: poplib.POP3, want: Want, octets: int) -> None:
    want("pop3.RETR", f"drop after {octets}", times=1)

    client.sock.sendall(b"RETR 1\r\n")
    assert client.file.read() == (b"+OK %d octets\r\n" % len(MESSAGE) + MESSAGE)[:octets]


def test_a_log_in_that_is_refused_is_one(sandbox: Sandbox, want: Want) -> None:
    want("pop3.PASS", "no AUTH wrong", account=ANN, times=1)
    client = connect(sandbox)
    client.user(ANN)

    with pytest.raises(poplib.error_proto, match=r"-ERR \[AUTH\] wrong"):
        client.pass_("secret")
    with pytest.raises(poplib.error_proto, match="log in first"):
        client.stat()
    client.close()


@pytest.mark.parametrize("do", ["no SYS/TEMP", "bye", "drop", "drop rst"])
def test_what_was_marked_stays_where_quit_fails(sandbox: Sandbox, client: poplib.POP3, want: Want, do: str) -> None:
    want("pop3.QUIT", do)
    client.dele(1)

    with pytest.raises((poplib.error_proto, OSError)):
        client.quit()
    assert left(sandbox) == 1


@pytest.mark.parametrize("at", ["pop3.connect", "pop3.banner"])
@pytest.mark.parametrize("do", ["no SYS/TEMP full", "bye full", "rate 1/1h"])
def test_who_is_turned_away_is_told_so_in_the_greeting(sandbox: Sandbox, want: Want, at: str, do: str) -> None:
    want(at, do)
    greetings = []
    for _ in range(2):  # poplib leaves such a connection open
        address = "localhost", sandbox.pop3_port
        with socket.create_connection(address, PATIENCE) as connection, connection.makefile("rb") as lines:
            greetings.append(lines.readline())

    assert greetings[-1].startswith(b"-ERR")


def test_an_answer_may_break_off(client: poplib.POP3, want: Want) -> None:
    want("pop3.RETR", "drop after 500")

    with pytest.raises(poplib.error_proto, match="EOF"):
        client.retr(1)


def test_an_answer_that_is_short_comes_whole_before_the_connection_ends(client: poplib.POP3, want: Want) -> None:
    want("pop3.STAT", "drop after 1MB")

    assert client.stat() == (1, len(MESSAGE))
    with pytest.raises((poplib.error_proto, OSError)):
        client.noop()


def test_one_that_hangs_is_given_up_by_its_client(client: poplib.POP3, want: Want) -> None:
    want("pop3.STAT", "hang")
    client.sock.settimeout(0.05)

    with pytest.raises(TimeoutError):
        client.stat()


def test_what_is_delayed_comes_when_the_clock_is_ahead(sandbox: Sandbox, client: poplib.POP3, want: Want) -> None:
    want("pop3.RETR", "delay 1h")
    want("pop3.RETR", "slow 5000/s")
    with ThreadPoolExecutor(1) as pool:
        retrieved = pool.submit(client.retr, 1)
        other = connect(sandbox)  # nobody else waits
        while not retrieved.done():
            sandbox.clock.advance(3600)

    assert b"\r\n".join([*retrieved.result()[1], b""]) == MESSAGE
    other.close()


def test_a_capability_that_is_hidden_is_not_told(client: poplib.POP3, want: Want) -> None:
    want("pop3.CAPA", "hide SASL")
    want("pop3.CAPA", "offer X-FAULTY")
    found = client.capa()

    assert "SASL" not in found
    assert "X-FAULTY" in found


@pytest.mark.parametrize(
    ("kind", "said"),
    [("expired", "has expired"), ("other-name", "Hostname mismatch"), ("self-signed", "self-signed certificate")],
)
def test_a_wrong_certificate_is_refused(sandbox: Sandbox, want: Want, kind: str, said: str) -> None:
    want("pop3.starttls", f"certificate {kind}")
    context = ssl.create_default_context(cadata=sandbox.tls.ca_pem().decode())
    client = connect(sandbox)

    with pytest.raises(ssl.SSLCertVerificationError, match=said):
        client.stls(context)
    with pytest.raises(ssl.SSLCertVerificationError, match=said):
        poplib.POP3_SSL("localhost", sandbox.address("pop3s")[1], context=context, timeout=PATIENCE)
    client.file.close()
