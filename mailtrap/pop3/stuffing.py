"""How a message becomes a multi-line response (RFC 1939 §3), whole or its beginning (TOP), in pieces of any size."""

from __future__ import annotations

import re

_EMPTY_LINE = re.compile(rb"\n\r?\n")


class Stuffing:
    """Byte-stuffs a message on its way out.

    RFC 1939 §3 has a dot doubled where it is the first octet of a line, and a line ends with CRLF. A stored LF or CR
    alone is data; but lenient readers, `poplib` among them, take it for the end of a line. What stands behind could
    then end the response early, and the rest of the message would be read as responses of ours. So a dot is doubled
    there too, unless it must be as *strict* as the RFC.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._before = b"\r\n"  # the last two octets

    def feed(self, octets: bytes) -> bytes:
        """What to send for these, which come next."""
        before, self._before = self._before, (self._before + octets[-2:])[-2:]
        if self._strict:
            return _strictly(octets, before)
        stuffed = octets
        if b"\n." in stuffed:
            stuffed = stuffed.replace(b"\n.", b"\n..")
        if b"\r." in stuffed:
            stuffed = stuffed.replace(b"\r.", b"\r..")
        return b"." + stuffed if octets[:1] == b"." and before[-1:] in b"\r\n" else stuffed

    def end(self) -> bytes:
        """What ends the response. A message whose last line has no end gets one, since the dot needs a line."""
        return b".\r\n" if self._before == b"\r\n" else b"\r\n.\r\n"


def _strictly(octets: bytes, before: bytes) -> bytes:
    stuffed = octets.replace(b"\r\n.", b"\r\n..")
    if before == b"\r\n" and octets[:1] == b".":
        return b"." + stuffed
    if before[-1:] == b"\r" and octets[:2] == b"\n.":
        return b"\n." + stuffed[1:]
    return stuffed


class Top:
    """The beginning of a message: its header, the empty line, and so many lines of its body (RFC 1939 §7).

    A line ends with LF, whether or not a CR stands before: else TOP of a message without CRLFs would be all of it.
    """

    def __init__(self, lines: int) -> None:
        self.done = False
        """What comes further does not belong to it."""
        self._lines = lines
        self._in_header = True
        self._before = b"\n"  # up to two octets

    def feed(self, octets: bytes) -> bytes:
        """What of these, which come next, belongs to it."""
        start = 0
        if self._in_header:
            found = _EMPTY_LINE.search(self._before + octets)
            if found is None:
                self._before = (self._before + octets)[-2:]
                return octets
            self._in_header = False
            start = found.end() - len(self._before)
        return octets[: self._behind_lines(octets, start)]

    def _behind_lines(self, octets: bytes, at: int) -> int:
        there = octets.count(b"\n", at)
        if there < self._lines:
            self._lines -= there
            return len(octets)
        for _ in range(self._lines):
            at = octets.index(b"\n", at) + 1
        self.done = True
        return at
