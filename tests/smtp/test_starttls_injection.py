"""Nothing that was said in plaintext counts in TLS, wherever it stands (CVE-2011-0411, and what came of it since)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from conversations import _listen

from mailtrap.tls import Tls

EHLO = b"EHLO eve.example\r\n"
BEFORE = {
    "nothing": b"",
    "a transaction": b"MAIL FROM:<eve@example.com>\r\nRCPT TO:<bob@example.com>\r\n",
    "a log-in": b"AUTH PLAIN AGV2ZQBzZWNyZXQ=\r\n",
}
BEHIND = {
    "EHLO": EHLO,
    "a message": b"EHLO eve\r\nMAIL FROM:<eve@b.c>\r\nRCPT TO:<bob@b.c>\r\nDATA\r\nSubject: x\r\n\r\n.\r\n",
    "a message in one chunk": b"EHLO eve\r\nMAIL FROM:<eve@b.c>\r\nRCPT TO:<bob@b.c>\r\nBDAT 2 LAST\r\nhiNOOP\r\n",
    "data that goes on in TLS": b"EHLO eve\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n",
    "a chunk that goes on in TLS": b"EHLO eve\r\nMAIL FROM:<eve@b.c>\r\nRCPT TO:<bob@b.c>\r\nBDAT 500 LAST\r\n",
    "a log-in": EHLO + b"AUTH PLAIN AGV2ZQBzZWNyZXQ=\r\n",
    "a log-in that goes on in TLS": EHLO + b"AUTH LOGIN\r\n",
    "half a command": b"NOOP ",
    "a command without its LF": b"QUIT\r",
    "a line end": b"\r\n",
    "another STARTTLS": b"STARTTLS\r\n",
    "XCLIENT": b"XCLIENT ADDR=192.0.2.9 LOGIN=eve\r\n",
    "PROXY": b"PROXY TCP4 192.0.2.9 192.0.2.8 4711 25\r\n",
    "an HTTP request": b"GET / HTTP/1.1\r\n\r\n",
    "NUL and worse": b"\0\xff\r\n\x16\x03\x01\0\x05\r\n",
}
MESSAGE = b"Subject: in TLS\r\n\r\nhush\r\n"


class Client:
    """Says what it likes before TLS and behind it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.replies = self.socket.makefile("rb")
        self.reply()

    def close(self) -> None:
        self.replies.close()
        self.socket.close()

    def reply(self) -> bytes:
        """The last line of the next reply."""
        while (line := self.replies.readline())[3:4] == b"-":
            pass
        return line

    def ask(self, line: bytes) -> bytes:
        """The reply to a command."""
        self.socket.sendall(line + b"\r\n")
        return self.reply()

    def secure(self) -> None:
        """Begin TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.replies.close()
        self.socket = context.wrap_socket(self.socket)
        self.replies = self.socket.makefile("rb")

    def send(self) -> None:
        """Send a message as an honest client."""
        assert self.ask(b"EHLO client.example").startswith(b"250")
        assert self.ask(b"MAIL FROM:<ann@example.com>").startswith(b"250")
        assert self.ask(b"RCPT TO:<bob@example.com>").startswith(b"250")
        assert self.ask(b"DATA").startswith(b"354")
        assert self.ask(MESSAGE + b".").startswith(b"250")


Connect = Callable[[], Client]


@pytest.fixture(scope="module")
def tls() -> Tls:
    return Tls()


@pytest.fixture
def connect(server: Any, tls: Tls) -> Iterator[Connect]:
    """A client of a port that offers STARTTLS."""
    listener = server.loop.run(_listen(server.with_limits(tls=tls).listener(starttls=True)))
    with ExitStack() as undo:
        undo.callback(lambda: server.loop.call(listener.close))

        def make() -> Client:
            client = Client(listener.sockets[0].getsockname()[1])
            undo.callback(client.close)
            return client

        yield make


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("before", BEFORE)
def test_what_stands_around_starttls_is_forgotten(server: Any, connect: Connect, before: str, behind: str) -> None:
    client = connect()
    client.socket.sendall(EHLO + BEFORE[before] + b"STARTTLS\r\n" + BEHIND[behind])
    replies = [client.reply()[:3] for _ in range(1 + BEFORE[before].count(b"\n"))]
    assert set(replies) <= {b"250", b"235"}
    assert client.reply() == b"220 2.0.0 Ready to start TLS\r\n"
    client.secure()

    assert client.ask(b"RCPT TO:<bob@example.com>").startswith(b"503 5.5.1 Send EHLO or HELO first")
    client.send()
    [message] = server.messages()
    envelope = message.envelope
    assert (envelope.helo, envelope.mail_from, envelope.user) == ("client.example", "ann@example.com", None)
    assert envelope.tls == "TLSv1.3"
    assert envelope.peer.startswith("127.0.0.1:")
    assert server.octets() == [MESSAGE]


@pytest.mark.parametrize("behind", BEHIND)
def test_what_comes_between_the_reply_and_tls_ends_the_session(server: Any, connect: Connect, behind: str) -> None:
    client = connect()
    client.ask(EHLO.rstrip())
    assert client.ask(b"STARTTLS").startswith(b"220")
    client.socket.sendall(BEHIND[behind] + b"NOOP\r\n")
    said = client.replies.read()

    assert not said or said[0] == 21  # an alert (RFC 8446 §6): never a reply
    assert server.messages() == []


def test_starttls_is_no_command_where_a_response_is_waited_for(server: Any, connect: Connect) -> None:
    client = connect()
    client.ask(EHLO.rstrip())
    client.socket.sendall(b"AUTH LOGIN\r\nSTARTTLS\r\n")

    assert client.reply().startswith(b"334")
    assert client.reply()[:3] in (b"334", b"501")  # taken for a name, or for no base64
    client.ask(b"*")
    assert client.ask(b"STARTTLS").startswith(b"220")
    client.secure()
    client.send()
    assert [each.envelope.user for each in server.messages()] == [None]


def test_starttls_in_data_is_data(server: Any, connect: Connect) -> None:
    client = connect()
    client.socket.sendall(EHLO + BEFORE["a transaction"] + b"DATA\r\nSTARTTLS\r\n.\r\n")

    assert [client.reply()[:3] for _ in range(5)] == [b"250", b"250", b"250", b"354", b"250"]
    assert server.octets() == [b"STARTTLS\r\n"]


def test_a_line_too_long_behind_starttls_makes_no_line_in_tls_too_long(connect: Connect) -> None:
    client = connect()
    client.ask(EHLO.rstrip())
    client.socket.sendall(b"STARTTLS\r\n" + b"x" * 13_000)
    assert client.reply().startswith(b"220")

    try:
        client.secure()
    except OSError:  # the end of it came in TLS's turn
        return
    assert client.ask(b"NOOP").startswith(b"250")
