"""An IMAP client that hides nothing: it sends commands as they are written, and gives responses as values.

`imaplib` drops what it does not know, and waits for what a server does not say.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from imap_reader import ENDS_WITH_LITERAL, Value, pairs, response

SHOWN = 500
"""Octets of a line that the log of a session shows."""


@dataclass(frozen=True, slots=True)
class Response:
    """How the server answered one command."""

    tagged: list[Value]
    """``["OK", code or None, text]``"""
    untagged: list[list[Value]] = field(default_factory=list)
    """Each as `imap_reader.response` reads it, without the ``*``."""

    @property
    def status(self) -> str:
        """``OK``, ``NO`` or ``BAD``."""
        return str(self.tagged[0])

    @property
    def code(self) -> list[Value]:
        """What stood in brackets: ``["APPENDUID", 1, 2]``; empty if nothing did."""
        return self.tagged[1] or []

    def of(self, name: str) -> list[list[Value]]:
        """What follows *name* in each untagged response of that name: ``of("SEARCH") == [[1, 2]]``."""
        return [each[1:] for each in self.untagged if str(each[0]).upper() == name]

    def numbered(self, name: str) -> list[int]:
        """The numbers of ``* n EXISTS``, ``* n EXPUNGE`` and such."""
        return [each[0] for each in self.untagged if str(each[1:2]).upper() == f"['{name}']"]

    def fetched(self) -> dict[int, dict[str, Value]]:
        """What each message's FETCH responses said, by message sequence number."""
        found: dict[int, dict[str, Value]] = {}
        for each in self.untagged:
            if str(each[1:2]).upper() == "['FETCH']":
                found.setdefault(each[0], {}).update(pairs(each[2]))
        return found

    def codes(self) -> dict[str, list[Value]]:
        """The response codes of untagged OK and the tagged one, by name: ``{"UIDNEXT": [5]}``."""
        said = [each[1] for each in self.untagged if each[0] in ("OK", "NO")] + [self.tagged[1]]
        return {code[0].upper(): code[1:] for code in said if code}


class Unexpected(AssertionError):
    """The server answered something else, or closed; with what was said before."""


class ImapClient:
    """One session. `command` takes any answer; `ok` wants OK."""

    def __init__(self, address: tuple[str, int], *, tls: ssl.SSLContext | None = None, timeout: float = 20.0) -> None:
        self._name = address[0]
        self._socket = socket.create_connection(address, timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.said: list[str] = []
        self._count = 0
        self._open(tls)
        try:
            self.greeting = self.read()[1:]
        except BaseException:
            self.close()
            raise

    def _open(self, tls: ssl.SSLContext | None) -> None:
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket, server_hostname=self._name)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up without a word."""
        self._lines.close()
        self._socket.close()

    def command(self, text: str | bytes, *literals: bytes) -> Response:
        """Send a command; each ``{}`` in it is one of *literals*, ``{+}`` one that is not waited for.

        If the server refuses a literal, that is the answer.
        """
        tag = self.start(text, *literals)
        return self.finish(tag)

    def ok(self, text: str | bytes, *literals: bytes) -> Response:
        """Send a command that must succeed."""
        answer = self.command(text, *literals)
        if answer.status != "OK":
            raise Unexpected(f"{answer.tagged} instead of OK\n{self.log()}")
        return answer

    def log_in(self, user: str, password: str = "secret") -> Self:
        """LOGIN, any name and password."""
        self.ok("LOGIN {} {}", user.encode(), password.encode())
        return self

    def starttls(self, tls: ssl.SSLContext) -> None:
        """Upgrade the connection."""
        self.ok("STARTTLS")
        self._lines.close()
        self._open(tls)

    def start(self, text: str | bytes, *literals: bytes) -> str:
        """Send a command without reading its end; gives its tag. Several may be under way at once."""
        self._count += 1
        tag = f"a{self._count}"
        line = text if isinstance(text, bytes) else text.encode()
        pieces = re.split(rb"(\{\+?\})", tag.encode() + b" " + line)
        assert len(pieces) // 2 == len(literals), "one {} for each literal"
        self._early: list[list[Value]] = []
        sending = pieces[0]
        for marker, literal, rest in zip(pieces[1::2], literals, pieces[2::2], strict=True):
            sending += marker[:1] + str(len(literal)).encode() + marker[1:] + b"\r\n"
            if marker == b"{}":
                self.send(sending)
                sending = b""
                if not self._go_ahead(tag):
                    return tag
            sending += literal + rest
        self.send(sending + b"\r\n")
        return tag

    def finish(self, tag: str) -> Response:
        """Read up to the end of a command that `start` has sent."""
        untagged, self._early = self._early, []
        while True:
            if untagged and untagged[-1][0] == tag:
                return Response(untagged.pop()[1:], [each[1:] for each in untagged])
            untagged.append(self.read())

    def _go_ahead(self, tag: str) -> bool:
        while True:
            said = self.read()
            if said[0] == "+":
                return True
            self._early.append(said)
            if said[0] == tag:
                return False

    @contextmanager
    def idle(self) -> Iterator[Self]:
        """In IDLE for the block; `hear` gives what is announced."""
        self.begin_idle()
        yield self
        self.end_idle()

    def begin_idle(self) -> None:
        """IDLE, up to the continuation."""
        self._idle = self.start("IDLE")
        if not self._go_ahead(self._idle):
            raise Unexpected(f"no IDLE\n{self.log()}")

    def hear(self, *, keep_alive: bool = False) -> list[Value]:
        """The next untagged response, waiting for it, without its ``*``; ``* OK`` only with *keep_alive*."""
        while True:
            said = self.read()
            if said[0] != "*":
                raise Unexpected(f"{said} unasked for\n{self.log()}")
            if keep_alive or said[1] != "OK":
                return said[1:]

    def end_idle(self) -> Response:
        """DONE; gives what was not heard before."""
        self.send(b"DONE\r\n")
        return self.finish(self._idle)

    def send(self, octets: bytes) -> None:
        """Send *octets* as they are."""
        self.said.append("C: " + ascii(octets[:SHOWN])[2:-1])
        self._socket.sendall(octets)

    def read(self) -> list[Value]:
        """The next response, with its tag, ``*`` or ``+``."""
        octets = self.read_octets()
        if not octets:
            raise Unexpected(f"closed\n{self.log()}")
        return response(octets)

    def read_octets(self) -> bytes:
        """The next response as it came, literals included; empty once the server has closed."""
        octets = self._lines.readline()
        while literal := ENDS_WITH_LITERAL.search(octets):
            octets += self._lines.read(int(literal[1])) + self._lines.readline()
        self.said.append("S: " + ascii(octets[:SHOWN])[2:-1])
        return octets

    def log(self) -> str:
        """The last of what was said."""
        return "\n".join(self.said[-40:])
