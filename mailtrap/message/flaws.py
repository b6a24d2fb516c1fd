"""Where octets are not what they should be: each function gives the place, or -1. Linear, in slices."""

from __future__ import annotations

import re
from io import IncrementalNewlineDecoder
from typing import TYPE_CHECKING

from mailtrap.message.transfer import ALPHABET

if TYPE_CHECKING:
    from mailtrap.message.part import Octets

SLICE = 1 << 20
"""So many octets are looked at in one go: other threads run between two."""

LINE = 998
"""Octets of a line without its line end (RFC 5322 §2.1.1)."""

_BARE_NEWLINE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_NOT_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*+(?:\r?\n|\Z))")
_WHITE = b" \t\r\n"


def bare_newline(octets: Octets) -> int:
    """LF or CR alone. A decoder that notes which line ends it has seen takes a quarter of the time of a search."""
    decoder = IncrementalNewlineDecoder(None, translate=False)
    view = memoryview(octets)
    for start in range(0, len(octets), SLICE):
        decoder.decode(str(view[start : start + SLICE], "latin-1"))
    decoder.decode("", final=True)
    return -1 if decoder.newlines in (None, "\r\n") else _place(_BARE_NEWLINE, octets, 0)


def long_line(octets: Octets) -> int:
    """A line that is too long: goes from a line end to the last that may come next."""
    start, size = 0, len(octets)
    while size - start > LINE:
        end = octets.rfind(b"\n", start, start + LINE + 2)
        if end < 0 and size - start - 2 * octets.endswith(b"\r\n") <= LINE:
            return -1
        if end < 0 or (end - start > LINE and octets[end - 1] != 13):
            return start
        start = end + 1
    return -1


def not_ascii(octets: Octets, start: int, end: int) -> int:
    """An octet above 127."""
    for at in range(start, end, SLICE):
        if not octets[at : min(at + SLICE, end)].isascii():
            return _place(_NOT_ASCII, octets, at)
    return -1


def not_base64(octets: Octets, start: int, end: int) -> int:
    """What is no base64. What all letters are taken out of is little, and looked at closer."""
    letters = 0
    for at in range(start, end, SLICE):
        piece = octets[at : min(at + SLICE, end)]
        rest = piece.translate(None, ALPHABET)
        if other := rest.translate(None, _WHITE):
            return at + piece.find(other[:1])
        letters += len(piece) - len(rest)
    padding = octets.find(b"=", start, end)
    if padding >= 0 and octets[padding : min(padding + SLICE, end)].strip(b"= \t\r\n"):
        return padding  # it goes on behind its end
    return end if letters % 4 else -1


def not_quoted_printable(octets: Octets, start: int, end: int) -> int:
    """An equals sign that begins no escape."""
    for at in range(start, end, SLICE):
        edge = at + SLICE
        match = _NOT_QUOTED.search(octets, at, min(edge + 2, end))  # an escape may lie across the edge
        if match and match.start() < edge:  # what begins behind it may be cut, and is looked at next
            return match.start()
    return -1


def _place(pattern: re.Pattern[bytes], octets: Octets, start: int) -> int:
    match = pattern.search(octets, start)
    return start if match is None else match.start()
