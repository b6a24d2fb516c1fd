"""Fields of a header, written: folded (RFC 5322 §2.2.3), what is not ASCII in encoded words (RFC 2047)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator

from mailtrap.message.mailboxes import mailboxes

LINE = 78
"""Characters of a line, where there is white space to fold it at (RFC 5322 §2.1.1)."""
_WORD = 39
"""Octets of an encoded word: then a word and a usual name stay within 76 characters (RFC 2047 §2)."""
_UNFOLDABLE = 900
_ADDRESSED = frozenset(("from", "sender", "reply-to", "to", "cc", "bcc"))
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_FOLD = re.compile(r"(?<=\S)(?=[ \t])")


def field(name: str, value: str) -> bytes:
    """The octets of a field, its line end among them.

    >>> field("Subject", "Größe")
    b'Subject: =?utf-8?b?R3LDtsOfZQ==?=\\r\\n'
    """
    value = value.strip()
    if name.lower() in _ADDRESSED:
        value = value if value.isascii() else _addresses(value)
    elif not value.isascii() or any(len(each) > _UNFOLDABLE for each in value.split()):
        value = " ".join(encoded(value))
    return "\r\n".join(_lines(f"{name}: {value}")).encode("utf-8") + b"\r\n"


def encoded(text: str) -> Iterator[str]:
    """*text* in encoded words, none of which ends within a character."""
    octets = b""
    for character in text:
        more = character.encode("utf-8")
        if len(octets) + len(more) > _WORD:
            yield _word(octets)
            octets = b""
        octets += more
    yield _word(octets)


def _word(octets: bytes) -> str:
    return f"=?utf-8?b?{b64encode(octets).decode('ascii')}?="


def _addresses(value: str) -> str:
    found = [f"{_phrase(each.name)} <{each}>" if each.name else each for each in mailboxes(value)]
    return ", ".join(found or encoded(value))


def _phrase(name: str) -> str:
    if not name.isascii():
        return " ".join(encoded(name))
    if _ATOMS.fullmatch(name):
        return name
    return '"{}"'.format(name.replace("\\", "\\\\").replace('"', '\\"'))


def _lines(text: str) -> Iterator[str]:
    line, *pieces = _FOLD.split(text)
    for piece in pieces:
        if len(line) + len(piece) > LINE:
            yield line
            line = ""
        line += piece
    yield line
