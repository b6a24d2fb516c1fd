"""Clients that cost next to nothing, so that it is the server that is measured."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Self

from benchmarks.load import Session, stuffed
from benchmarks.mail import message
from benchmarks.servers import Server


class Client:
    """A connection whose answers are read to their end, and no further looked at."""

    def __init__(self, port: int | None) -> None:
        assert port is not None
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1 << 20)
        self.read(b"\r\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def read(self, mark: bytes, count: int = 1, end: bytes = b"\r\n") -> int:
        """Read until *mark* has come *count* times and what came ends with *end*; gives the number of octets."""
        size, last = 0, b"\r\n"
        while True:
            got = self.socket.recv_into(self._buffer)
            if not got:
                raise ConnectionError("closed by the server")
            octets = bytes(self._buffer[:got])
            count -= (last[1 - len(mark) :] + octets).count(mark)
            size += got
            last = (last + octets)[-4096:]
            if count <= 0 and last.endswith(end):
                self.last = last
                return size


class Imap(Client):
    """A session of IMAP, logged in."""

    def __init__(self, port: int | None, user: str) -> None:
        super().__init__(port)
        self.command(f"LOGIN {user} secret")

    def command(self, text: str) -> int:
        """Carry out a command, which must succeed; gives how many octets its answer has."""
        self.socket.sendall(b"t9x " + text.encode() + b"\r\n")
        return self.answered()

    def answered(self, count: int = 1) -> int:
        """Read the answers to *count* commands."""
        size = self.read(b"\r\nt9x ", count)
        if b"\r\nt9x OK" not in self.last:
            raise ConnectionError(self.last.decode(errors="replace"))
        return size


class Pop3(Client):
    """A session of POP3, logged in."""

    def __init__(self, port: int | None, user: str) -> None:
        super().__init__(port)
        for line in (b"USER " + user.encode(), b"PASS secret"):
            self.socket.sendall(line + b"\r\n")
            self.read(b"\r\n")
            assert self.last.startswith(b"\r\n+OK"), self.last

    def retrieve(self, number: int) -> int:
        """RETR; gives the number of octets."""
        self.socket.sendall(b"RETR %d\r\n" % number)
        return self.read(b"\r\n.\r\n", end=b"\r\n.\r\n")


def fill(server: Server, user: str, messages: Sequence[bytes], *, by_smtp: bool = False) -> None:
    """Put messages into an INBOX by APPEND, many at once under way; or *by_smtp*."""
    if by_smtp:
        session = Session(("127.0.0.1", server.smtp))
        for octets in messages:
            session.deliver(stuffed(octets), pipelined=False, to=user)
        session.quit()
    else:
        _append(server, user, messages)
    server.caught_up()


def _append(server: Server, user: str, messages: Sequence[bytes]) -> None:
    with Imap(server.imap, user) as client:
        for start in range(0, len(messages), 50):
            group = messages[start : start + 50]
            client.socket.sendall(
                b"".join(b"t9x APPEND INBOX {%d+}\r\n%b\r\n" % (len(octets), octets) for octets in group)
            )
            client.answered(len(group))


def mails(count: int, size: int = 5000) -> list[bytes]:
    """So many messages, of two hundred kinds."""
    return [message(size, seed % 200) for seed in range(count)]
