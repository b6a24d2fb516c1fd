"""Every message of the corpus comes out as it came in, to the octet, by a client that undoes exactly our stuffing."""

from __future__ import annotations

import re
from io import BufferedReader
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


class RawClient:
    """Reads octets, not lines; a response of several lines ends with CRLF, a dot and CRLF."""

    def __init__(self, pop3: Any, name: str) -> None:
        self._socket = pop3.dial()
        self._octets: BufferedReader = self._socket.makefile("rb")
        assert self._octets.readline().startswith(b"+OK")
        assert self.ask(b"USER " + name.encode()).startswith(b"+OK")
        assert self.ask(b"PASS x").startswith(b"+OK")

    def ask(self, command: bytes) -> bytes:
        """The line that answers *command*."""
        self._socket.sendall(command + b"\r\n")
        return self._octets.readline()

    def message(self, number: int) -> bytes:
        """A message, and the CRLF that it got if its last line had none."""
        assert self.ask(b"RETR %d" % number).startswith(b"+OK")
        received = b"\r\n"
        while not received.endswith(b"\r\n.\r\n"):
            line = self._octets.readline()
            assert line, "the connection was closed before the end"
            received += line
        return unstuffed(received[2:])

    def close(self) -> None:
        """Hang up."""
        self._octets.close()
        self._socket.close()


def unstuffed(received: bytes) -> bytes:
    """The message in a response without its status line: *received* begins behind that, and ends with the dot."""
    return re.sub(rb"(\A|(?<=[\r\n]))\.\.", b".", received.removesuffix(b".\r\n"))


def with_line_end(octets: bytes) -> bytes:
    return octets if octets.endswith(b"\r\n") or not octets else octets + b"\r\n"


def test_the_corpus_over_tcp(pop3: Any, all_corpus_files: list[Path]) -> None:
    messages = [file.read_bytes() for file in all_corpus_files]
    pop3.add(*messages)
    client = RawClient(pop3, "ann@example.com")

    for number, octets in enumerate(messages, 1):
        assert client.ask(b"LIST %d" % number) == b"+OK %d %d\r\n" % (number, len(octets))
        assert client.message(number) == with_line_end(octets), all_corpus_files[number - 1].name
    assert client.ask(b"QUIT").startswith(b"+OK")
    client.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(messages=st.lists(st.binary(max_size=500), min_size=1, max_size=5))
def test_any_octets(pop3: Any, messages: list[bytes]) -> None:
    name = f"{len(pop3.store.messages(pop3.project, limit=1000).summaries)}@example.com"
    pop3.add(*messages, to=name)
    conversation = pop3.logged_in(name)

    for number, octets in enumerate(messages, 1):
        conversation.received.clear()
        conversation.send(b"RETR %d\r\n" % number)
        status, _, rest = bytes(conversation.received).partition(b"\r\n")
        assert status == b"+OK %d octets" % len(octets)
        assert unstuffed(rest) == with_line_end(octets)
