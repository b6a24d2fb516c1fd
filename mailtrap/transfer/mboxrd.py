"""The form of mbox called mboxrd: what is added to a message so that it can stand between others, and taken away again.

A message is preceded by a line that begins with ``From``, and followed by an empty one (RFC 4155, appendix A). A line
of its own that begins so, after any number of ``>``, gets one more ``>``. That is undone exactly. What is not, unless
something else tells its size: a message that does not end with LF gets one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from mailtrap.transfer.items import Unusable

_LONGEST = 1000
"""Octets of a line that may begin a message."""

_NEXT = b"\nFrom "
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


def messages(file: IO[bytes], limit: int, block: int = 1 << 20) -> Iterator[Found]:
    """The messages of an mbox, without what separates them; raises `Unusable` if it does not begin as one does.

    A line begins a message only if it has an address and a date, and none before it or an empty one: without
    quotation marks, texts have such that begin with "From ". No field is asked where a message ends.

    *block* octets are looked at together; a message that is beyond the *limit* is not read.
    """
    most = limit + limit // 4 + _LONGEST  # with as many quotation marks as can be
    offset: int | None = None
    for begin, end in _lines(file, block):
        if offset is not None:
            file.seek(offset)
            octets = _without_separator(file.read(begin - offset)) if begin - offset <= most else None
            yield Found(offset, octets, begin)
        offset = end


def _lines(file: IO[bytes], block: int) -> Iterator[tuple[int, int]]:
    """Where the lines that begin a message begin and end, and last where the file ends."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    beginning = file.read(block)
    at = len(beginning) - len(beginning.lstrip(b"\r\n"))
    end = beginning.find(b"\n", at) + 1 or len(beginning)
    if _is_from_line(beginning, at, end):
        yield at, end
        at = end - 1
    elif at < end:
        raise Unusable("it does not begin with a line such as “From ann@example.com Fri Jan 31 12:00:00 2025”")
    while at < size:
        start = max(0, at - 2)  # so much before an LF tells whether its line is empty
        file.seek(start)
        octets = file.read(block)
        found, at = _lines_in(octets, at - start, is_last=start + len(octets) >= size)
        yield from ((start + begin, start + end) for begin, end in found)
        at += start
    yield size, size


def _lines_in(octets: bytes, at: int, *, is_last: bool) -> tuple[list[tuple[int, int]], int]:
    """The same in a block, from *at* on; and where to go on, with what follows it."""
    found: list[tuple[int, int]] = []
    while (at := octets.find(_NEXT, at)) >= 0:
        end = octets.find(b"\n", at + 1, at + 1 + _LONGEST) + 1
        if not end and len(octets) - at <= _LONGEST:  # the line is not here whole
            if not is_last:
                return found, at
            end = len(octets)
        if end and _ends_empty(octets[max(0, at - 2) : at]) and _is_from_line(octets, at + 1, end):
            found.append((at + 1, end))
        at += 1
    return found, len(octets) if is_last else max(len(octets) - len(_NEXT) + 1, 0)


def _is_from_line(octets: bytes, begin: int, end: int) -> bool:
    return end - begin <= _LONGEST and _FROM.fullmatch(octets, begin, end) is not None


def _ends_empty(before: bytes) -> bool:
    """Whether an LF after these two octets ends an empty line."""
    return before.endswith(b"\n") or before in (b"\n\r", b"\r", b"")


def _without_separator(octets: bytes) -> bytes:
    """The empty line goes; in a file with CRLF that is one. A message of ours ends with LF, and then another LF."""
    for ending, separator in ((b"\n\n", b"\n"), (b"\n\r\n", b"\r\n")):
        if octets.endswith(ending) or octets == separator:
            return octets[: -len(separator)]
    return octets
