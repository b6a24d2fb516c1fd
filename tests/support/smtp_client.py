"""An SMTP client that changes nothing of what it sends, for tests that compare octets.

`smtplib` mends line ends and stuffs dots where RFC 5321 does not.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Self


class SmtpClient:
    """One session. A reply that is not the expected one raises `Unexpected`."""

    def __init__(self, address: tuple[str, int], timeout: float = 20.0) -> None:
        self._socket = socket.create_connection(address, timeout)
        self._replies = self._socket.makefile("rb")
        try:
            self.reply("220")
            self.command(b"EHLO client.example", "250")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._replies.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(
        self, octets: bytes, mail_from: str = "ann@example.com", rcpt_to: Sequence[str] = ("bob@example.com",)
    ) -> str:
        """Send a message, pipelined (RFC 2920); gives the id it got."""
        lines = [f"MAIL FROM:<{mail_from}>", *(f"RCPT TO:<{each}>" for each in rcpt_to), "DATA", ""]
        self._socket.sendall("\r\n".join(lines).encode("utf-8", "surrogateescape"))
        for code in ("250", *("250" for _ in rcpt_to), "354"):
            self.reply(code)
        self._socket.sendall(stuffed(octets))
        return self.reply("250").rpartition("id=")[2]

    def command(self, line: bytes, code: str) -> str:
        """Send one command; gives the reply, which must begin with *code*."""
        self._socket.sendall(line + b"\r\n")
        return self.reply(code)

    def reply(self, code: str) -> str:
        """The next reply, all its lines."""
        lines = [self._replies.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(self._replies.readline())
        text = b"".join(lines).decode("utf-8", "replace").rstrip("\r\n")
        if not text.startswith(code):
            raise Unexpected(f"{text!r} instead of {code}")
        return text


class Unexpected(Exception):
    """The server answered something else."""


def complete(octets: bytes) -> bytes:
    """*octets* as they can be sent: a message ends with CRLF, or is empty."""
    return octets if not octets or octets.endswith(b"\r\n") else octets + b"\r\n"


def kept(octets: bytes) -> bytes:
    """What must come out again when *octets* were sent: the same, with one exception.

    Data without CRLF in it, each of whose lines with a leading dot has two, is taken for what `smtplib` makes
    of bytes: there one dot is taken off after a bare LF, too (docs/decisions/0002-dots-after-a-bare-lf.md).
    """
    sent = complete(octets)
    dotted = re.findall(rb"(?m)^\..?", stuffed(octets).removesuffix(b".\r\n"))
    if b"\r\n" in sent[:-2] or not dotted or any(each != b".." for each in dotted):
        return sent
    return sent.replace(b"\n..", b"\n.")


def stuffed(octets: bytes) -> bytes:
    """What goes over the wire for a message: a dot doubled at the start and after CRLF alone (RFC 5321 §4.5.2)."""
    return re.sub(rb"(\A|\r\n)\.", rb"\1..", complete(octets)) + b".\r\n"
