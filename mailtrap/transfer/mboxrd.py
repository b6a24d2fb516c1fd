"""The form of mbox called mboxrd: what is added to a message so that it can stand between others, and taken away again.

A message is preceded by a line that begins with ``From``, and followed by an empty one (RFC 4155, appendix A). A line
of its own that begins so, after any number of ``>``, gets one more ``>``. That is undone exactly. What is not, unless
something else tells its size: a message that does not end with LF gets one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from mailtrap.transfer.items import Unusable

_PIECE = 1 << 16
"""Octets of a line that are read at a time."""

_LONGEST = 1000
"""Octets of a line that may begin a message."""

_QUOTABLE = re.compile(rb"^(?=>*From )", re.MULTILINE)  # bytes: a line begins after LF and nothing else
_QUOTED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_NO_ATOM = re.compile(r"[^!-~]")
_FROM = re.compile(
    rb"From (?:[^\r\n]* )?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb" +[0-9]{1,2} +[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: +[A-Za-z0-9+-]{1,9})? +[0-9]{4}(?: +[^\r\n]*)?\r?\n?"
)


def quoted(octets: bytes) -> bytes:
    """A message as it stands in an mbox: quoted, and with an LF at its end.

    >>> quoted(b"From me\\n>From you")
    b'>From me\\n>>From you\\n'
    """
    if b"From " in octets:
        octets = _QUOTABLE.sub(b">", octets)
    return octets if octets.endswith(b"\n") or not octets else octets + b"\n"


def unquoted(octets: bytes) -> bytes:
    """The same without quotation marks."""
    return _QUOTED.sub(b"", octets) if b">From " in octets else octets


def from_line(mail_from: str, at: datetime) -> bytes:
    """The line before a message; an address with something in it that an mbox has no place for is changed."""
    return f"From {_NO_ATOM.sub('?', mail_from[:320]) or 'MAILER-DAEMON'} {at.ctime()}\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class Found:
    """A message as it stands in an mbox: where, and its octets; None if there are too many."""

    offset: int
    octets: bytes | None
    end: int
    """Where the next begins, or the file ends."""


def messages(file: IO[bytes], limit: int) -> Iterator[Found]:
    """The messages of an mbox, without what separates them; raises `Unusable` if it does not begin as one does.

    A line begins a message only if it has an address and a date, and none before it or an empty one: without
    quotation marks, texts have such that begin with "From ". No other field is asked where a message ends.
    """
    after_empty = line_begins = True
    pieces: list[bytes] | None = None
    size = offset = at = 0
    most = limit + limit // 4 + _PIECE  # with as many quotation marks as can be
    while piece := file.readline(_PIECE):
        if after_empty and line_begins and piece.startswith(b"From ") and _begins_message(piece):
            if pieces is not None:
                yield _found(offset, pieces, size <= most, at)
            pieces, size, offset = [], 0, at + len(piece)
        elif pieces is not None:
            size += len(piece)
            if size <= most:
                pieces.append(piece)
        elif piece.strip(b"\r\n"):
            raise Unusable("it does not begin with a line such as “From ann@example.com Fri Jan 31 12:00:00 2025”")
        at += len(piece)
        after_empty = line_begins and piece in (b"\n", b"\r\n")
        line_begins = piece.endswith(b"\n")
    if pieces is not None:
        yield _found(offset, pieces, size <= most, at)


def _begins_message(line: bytes) -> bool:
    return len(line) <= _LONGEST and _FROM.fullmatch(line) is not None


def _found(offset: int, pieces: list[bytes], is_whole: bool, end: int) -> Found:
    return Found(offset, _without_separator(b"".join(pieces)) if is_whole else None, end)


def _without_separator(octets: bytes) -> bytes:
    """The empty line goes; in a file with CRLF that is one. A message of ours ends with LF, and then another LF."""
    for ending, separator in ((b"\n\n", b"\n"), (b"\n\r\n", b"\r\n")):
        if octets.endswith(ending) or octets == separator:
            return octets[: -len(separator)]
    return octets
