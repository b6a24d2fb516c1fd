"""Lines of a report: whatever comes from others, it ends none of them and begins none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

_LINE = 78
_LONGEST = 240
"""Characters of a line that has no space to break it at: with four octets each, still fewer than 998."""
_NO_TEXT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_BREAK = re.compile(r"(?<=[^ \t:])(?=[ \t])")
_GAP = re.compile(r"[ \t]{79,}")


def field(name: str, value: str) -> Iterator[str]:
    """The lines of a field (RFC 5322 §2.2.3): one, as simple readers expect it, unless that were long."""
    return broken(f"{name}: {clean(value)}")


def clean(text: str) -> str:
    """*text* without what would end a line, or is no text.

    >>> clean("ann@example.com\\r\\nBcc: eve@example.com")
    'ann@example.com��Bcc: eve@example.com'
    """
    return _GAP.sub(" ", _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)).strip()


def broken(text: str) -> Iterator[str]:
    """*text* in lines, broken where it has spaces, though not behind the name of a field."""
    line = ""
    for piece in _pieces(text):
        if line and len(line) + len(piece) > _LINE:
            yield line
            line = ""
        line += piece
    yield line


def _pieces(text: str) -> Iterator[str]:
    for piece in _BREAK.split(text):
        yield piece[:_LONGEST]
        for at in range(_LONGEST, len(piece), _LONGEST - 1):
            yield " " + piece[at : at + _LONGEST - 1]


def date(at: datetime) -> str:
    """*at* as a field says it, with a numeric zone (RFC 3464 §2.2.5)."""
    from email.utils import format_datetime  # late: most sandboxes never make a report

    return format_datetime(at)
