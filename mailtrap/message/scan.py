"""Finding lines in a message: those that may be delimiters, and those that are empty. Nothing is looked at twice."""

from __future__ import annotations

from collections.abc import Iterator

from mailtrap.message.part import Octets

SLICE = 1 << 16
"""So many octets are searched in one go: other threads run between two."""


def dashed_lines(octets: Octets) -> Iterator[tuple[int, int, bytes]]:
    """Every line that begins with ``--``: where it begins, where the next one does, and what comes behind the two
    hyphens, but for white space at its end. (A first line is none: a header comes before the first delimiter.)"""
    at, size = 0, len(octets)
    for start in range(0, size, SLICE):
        at, stop = max(at, start - 1), start + SLICE
        # Base64 has no hyphens, and is skipped at the speed of memory.
        while (hyphen := octets.find(b"-", at, stop)) >= 0:
            found = octets.find(b"\n--", max(hyphen - 1, 0), stop + 2)
            if found < 0:
                break
            end = octets.find(b"\n", found + 3)
            at = end if end >= 0 else size
            yield found + 1, min(at + 1, size), bytes(octets[found + 3 : at]).rstrip()


def line_ends(octets: Octets, start: int, stop: int) -> int:
    """How many LFs there are in ``octets[start:stop]``."""
    if stop - start <= SLICE:
        return octets.count(b"\n", start, stop)
    return sum([octets.count(b"\n", at, min(at + SLICE, stop)) for at in range(start, stop, SLICE)])


class EmptyLines:
    """Where headers end. It is asked for places that only ever grow: the next ``LF CRLF`` and ``LF LF`` are kept."""

    def __init__(self, octets: Octets) -> None:
        self._octets = octets
        self._size = len(octets)
        self._crlf = self._lf = -1

    def behind_next(self, start: int) -> int:
        """Behind the first empty line from *start*, where a line begins, on; or at the end."""
        for empty in (b"\r\n", b"\n"):
            if self._octets.startswith(empty, start):
                return start + len(empty)
        if self._crlf < start:
            self._crlf = self._find(b"\n\r\n", start, self._size)
        if self._lf < start:  # up to the other alone, which nearly always is the next; its LF may be the second here
            self._lf = min(self._find(b"\n\n", start, self._crlf + 1), self._crlf)
        if self._lf < self._crlf:
            return self._lf + 2
        return min(self._crlf + 3, self._size)

    def _find(self, wanted: bytes, start: int, stop: int) -> int:
        """Where *wanted* is, or *stop*."""
        while start < stop:
            edge = start + SLICE
            found = self._octets.find(wanted, start, min(edge + 2, stop))
            if found >= 0:
                return found
            start = edge
        return stop
