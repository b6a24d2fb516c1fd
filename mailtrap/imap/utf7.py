"""Modified UTF-7: how IMAP4rev1 spells the names of mailboxes (RFC 3501 §5.1.3)."""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64

_SHIFTED = re.compile(r"[^ -~]+|&")
_RUN = re.compile(rb"&([A-Za-z0-9+,]*)-")


def encode(name: str) -> bytes:
    """*name* in printable ASCII; raises ValueError where it has half a character (a lone surrogate).

    >>> encode("Entwürfe & mehr")
    b'Entw&APw-rfe &- mehr'
    """
    return _SHIFTED.sub(_shifted, name).encode("ascii")


def decode(octets: bytes) -> str:
    """The name that *octets* spell; raises ValueError unless it is the one way to spell it.

    RFC 3501 §5.1.3 forbids the others: printable ASCII in base64, and a shift back that is followed by one there.
    """
    pieces = _RUN.split(octets)
    name = "".join(_run(piece) if index % 2 else piece.decode("ascii") for index, piece in enumerate(pieces))
    if encode(name) != octets:
        raise ValueError("not modified UTF-7")
    return name


def _shifted(match: re.Match[str]) -> str:
    if match[0] == "&":
        return "&-"
    base64 = b2a_base64(match[0].encode("utf-16-be"), newline=False).decode("ascii")
    return f"&{base64.rstrip('=').replace('/', ',')}-"


def _run(base64: bytes) -> str:
    if not base64:
        return "&"
    octets = a2b_base64(base64.replace(b",", b"/") + b"=" * (-len(base64) % 4))
    return octets.decode("utf-16-be")
