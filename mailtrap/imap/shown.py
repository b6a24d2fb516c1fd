"""What a transcript shows of a session: commands without credentials and literals, responses cut short."""

from __future__ import annotations

import re

from mailtrap.imap.wire import Command, Literal
from mailtrap.transcript import MASKED

RESPONSE = 1024
"""Octets of a response that are shown."""
COMMAND = 4096

_SECRET = re.compile(rb"([^ ]* *(?:LOGIN|AUTHENTICATE[ \t]+[^ \t]+)[ \t]+)[^ \t].*", re.IGNORECASE | re.DOTALL)
"""Commands with credentials in them, and what is before these; also where they are not well-formed."""


def command(pieces: Command) -> bytes:
    """What the client said, without credentials, and without literals."""
    text = _text(pieces)
    if secret := _SECRET.fullmatch(text):
        text = secret[1] + MASKED
    return text[:COMMAND]


def is_secret(pieces: Command) -> bool:
    """Whether it has credentials."""
    return _SECRET.fullmatch(_text(pieces)) is not None


def response(chunk: bytes) -> bytes:
    """What we said."""
    return chunk if len(chunk) <= RESPONSE else b"%b ... (%d octets)" % (chunk[:RESPONSE], len(chunk))


def _text(pieces: Command) -> bytes:
    return b"".join(b"{%d}" % len(each.octets) if isinstance(each, Literal) else each for each in pieces)
