"""A message as a program writes it to sendmail, made into one that can be sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mailtrap.envelope import Address
from mailtrap.errors import MailtrapError
from mailtrap.message import folding, headers, mailboxes

HERE = "localhost"
"""Where those are whose address has no domain, as in ``sendmail root``."""

_LINE_END = re.compile(rb"\r?\n")
_HEADER = re.compile(rb"(?:[^\x00-\x20:]++[ \t]*+:[^\n]*+\n(?:[ \t][^\n]*+\n)*+)*+")
_FIELD = re.compile(rb"([^\x00-\x20:]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n")
_WHOM = (b"to", b"cc", b"bcc")


def read(lines: Iterable[bytes], *, dot_ends: bool) -> bytes:
    """The whole message, each line ending with CRLF (RFC 5322 §2.1); what is behind a lone dot is not read."""
    found = []
    for line in lines:
        if dot_ends and line.rstrip(b"\r\n") == b".":
            break
        found.append(line)
    octets = b"".join(found)
    if octets and not octets.endswith(b"\n"):
        octets += b"\n"
    return _LINE_END.sub(b"\r\n", octets)


class Input:
    """A message, cut in header and body; what has no header at all is a body."""

    def __init__(self, octets: bytes) -> None:
        start = octets.find(b"\n") + 1 if octets.startswith(b"From ") else 0  # a mailbox file's line, not the message's
        match = _HEADER.match(octets, start)
        end = match.end() if match else start
        # A line that is no field ends the header, as an empty one does: the body begins with it.
        self._body = octets[end:].removeprefix(b"\r\n")
        self._fields = [(each[1].lower(), each[2], each[0]) for each in _FIELD.finditer(octets, start, end)]

    def recipients(self) -> list[str]:
        """The addresses of To, Cc and Bcc; of a message that is sent again, of the Resent- fields (RFC 5322 §3.6.6)."""
        again = [b"resent-" + name for name in _WHOM]
        names = again if any(name in again for name, _, _ in self._fields) else _WHOM
        values = [value for name, value, _ in self._fields if name in names]
        return [str(each) for value in values for each in headers.addresses(value)]

    def octets(self, mail_from: str, name: str, *, without_bcc: bool) -> bytes:
        """What is sent: all fields as they are but Bcc, and those that every message must have (RFC 5322 §3.6)."""
        dropped = (b"bcc", b"resent-bcc") if without_bcc else ()
        kept = [whole for each, _, whole in self._fields if each not in dropped]
        return b"".join([*kept, *self._missing(mail_from, name), b"\r\n", self._body])

    def _missing(self, mail_from: str, name: str) -> Iterator[bytes]:
        from email.utils import formatdate, make_msgid

        there = {name for name, _, _ in self._fields}
        if b"from" not in there:
            address = mail_from or f"MAILER-DAEMON@{HERE}"
            yield folding.field("From", f"{_phrase(name)} <{address}>" if name else address)
        if b"date" not in there:
            yield folding.field("Date", formatdate(localtime=True))
        if b"message-id" not in there:
            yield folding.field("Message-ID", make_msgid(domain=HERE))


class BadAddress(MailtrapError):
    """Nobody can be addressed so."""

    def __init__(self, text: str) -> None:
        super().__init__(f"there can be no such address: {text!r}")


def addresses(text: str) -> Iterator[str]:
    """The addresses in an argument, each with a domain; raises `BadAddress`."""
    found = mailboxes.mailboxes(text)
    if not found:
        raise BadAddress(text)
    for each in found:
        yield _whole(each)


def _whole(address: Address) -> str:
    text = str(address) if "@" in address else f"{address}@{HERE}"
    local, _, domain = text.rpartition("@")
    if not local or not domain or not text.isprintable():
        raise BadAddress(str(address))
    return text


def _phrase(name: str) -> str:
    """*name* as a display name: quoted, so that it may have anything in it (RFC 5322 §3.2.4)."""
    return '"{}"'.format(name.replace("\\", "\\\\").replace('"', '\\"'))
