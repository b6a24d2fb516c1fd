"""An account on a server, for tests of real clients that read from it; and mail that is worth reading."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from imap_client import ImapClient

CORPUS = Path(__file__).parent.parent / "corpus"

ODD = (
    "dots inner-unclosed message-in-message nested-12-deep multipart-unclosed latin-1-without-charset "
    "eight-bit-without-charset shift-jis words-of-many-charsets format-flowed trailing-white-space recipients-300"
).split()
"""Messages of the corpus whose only line end is CRLF, so that every server gives their octets as they came."""

ODDER = (
    "bare-lf bare-cr mixed-line-ends end-of-data-look-alikes every-octet nul "
    "long-header long-line no-headers body-without-header"
).split()
"""Messages that only a server gives back that changes nothing."""


class Server(Protocol):
    """Ours, or Dovecot."""

    @property
    def imap(self) -> int:
        """The port of IMAP."""

    @property
    def pop3(self) -> int:
        """The port of POP3."""

    def deliver(self, account: str, octets: bytes) -> None:
        """Put a message into an INBOX."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who has mail on a server."""

    server: Server
    name: str
    faithful: bool
    """The server gives back the octets that came in, whatever their line ends are."""

    def deliver(self, *messages: bytes) -> None:
        """Messages for the INBOX."""
        for each in messages:
            self.server.deliver(self.name, each)

    def odd(self) -> list[bytes]:
        """Odd messages that this server gives back as they came."""
        names = ODD + (ODDER if self.faithful else [])
        found = [(CORPUS / f"{name}.eml").read_bytes() for name in names]
        return [each if each.endswith(b"\r\n") else each + b"\r\n" for each in found]

    def imap(self) -> ImapClient:
        """A session to look with our own eyes what a client did."""
        return ImapClient(("127.0.0.1", self.server.imap)).log_in(self.name)

    def flags(self, mailbox: str = "INBOX") -> dict[bytes, set[str]]:
        """The flags of each message, by its subject; ``\\Recent`` is not among them."""
        with self.imap() as client:
            client.ok(f"EXAMINE {mailbox}")
            found = client.command("FETCH 1:* (FLAGS ENVELOPE)").fetched().values()
        return {each["ENVELOPE"][1]: set(each["FLAGS"]) - {"\\Recent"} for each in found}

    def octets(self, mailbox: str = "INBOX") -> list[bytes]:
        """Every message, in order."""
        with self.imap() as client:
            client.ok(f"EXAMINE {mailbox}")
            found = client.command("FETCH 1:* BODY.PEEK[]").fetched()
        return [each["BODY[]"] for _, each in sorted(found.items())]


def mail(subject: str, text: str = "Hello, Ann.") -> bytes:
    """A short message that is told from others by its subject."""
    lines = ["From: app@shop.test", "To: ann@x.test", "Date: Mon, 23 Nov 2026 12:04:31 +0100", f"Subject: {subject}"]
    return "\r\n".join([*lines, "", text, ""]).encode()


def run(command: Sequence[str | Path], home: Path, *, also: int = 0) -> str:
    """What a program says, with *home* as its home; it must end with 0, or with *also*."""
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    words = [str(word) for word in command]
    done = subprocess.run(words, env=environ, cwd=home, capture_output=True, text=True, timeout=60, errors="replace")
    assert done.returncode in (0, also), f"{words} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def maildir(folder: Path) -> list[bytes]:
    """The messages of a Maildir."""
    return [plain(file.read_bytes()) for sub in ("new", "cur") for file in (folder / sub).iterdir()]


_ADDED = re.compile(rb"(?m)^(X-TUID|X-OfflineIMAP|X-getmail-retrieved-from-mailbox|Return-Path): .*\r\n")


def plain(octets: bytes) -> bytes:
    """A message with CRLF again, and without the fields that clients add for themselves."""
    return _ADDED.sub(b"", re.sub(rb"\r?\n", b"\r\n", octets))
