"""What comes between DATA and the final dot, in bulk: never line by line, and octet for octet."""

from __future__ import annotations

import re

END = b"\r\n.\r\n"
"""RFC 5321 §4.1.1.4. Nothing else ends the data: to take a bare LF or CR for a line end around the dot
is what made SMTP smuggling possible (CVE-2023-51764)."""

PARTIAL = 1 << 20
"""Octets kept of data that never became a message."""

_ENDS_IN_PART = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")
_LONE_DOT_AFTER_LF = re.compile(rb"\n\.(?!\.)")


class Data:
    """Takes the data in pieces of any size, undoes the dot-stuffing, and finds the end.

    Every octet is looked at once, whatever the pieces; at most the four that may begin the end are held
    back. Over *limit* octets nothing more is kept, but the end is still found.
    """

    def __init__(self, limit: int) -> None:
        self.too_large = False
        self.dots_after_lf = False
        """Whether dots after a bare LF were taken for stuffing (see `message`)."""
        # Data begins at the beginning of a line, so the first thing held back is the end of the line before.
        self._held = b"\r\n"
        self._octets = bytearray()
        self._limit = limit + len(self._held)
        self._drained = 0
        self._start = b""
        self._skip = len(self._held)

    @property
    def size(self) -> int:
        """Octets so far, without stuffing and final dot (RFC 1870 §5)."""
        return max(0, len(self._octets) + self._drained - self._skip)

    def feed(self, octets: bytes) -> bytes | None:
        """These came next; gives those behind the end of the data once that was among them, before it None."""
        if len(self._start) < 2:
            self._start = (self._start + octets)[:2]
        octets = self._held + octets
        end = octets.find(END)
        if end >= 0:
            self._held = b""
            self._keep(octets[: end + 2])
            return octets[end + len(END) :]
        for part in _ENDS_IN_PART:
            if octets.endswith(part):
                self._held = part
                self._keep(octets[: -len(part)])
                break
        else:
            self._held = b""
            self._keep(octets)
        return None

    def message(self) -> bytearray:
        """The message, once the end has come: to be asked for once, and never to be changed.

        `smtplib` stuffs a dot after a bare LF too, where RFC 5321 §4.5.2 does so after CRLF only. That is undone
        where the data can only be such: it has no CRLF before its last line end, and not one line that begins
        with a single dot.
        """
        octets = self._octets
        del octets[: self._skip]
        self._skip = 0
        if octets.find(b"\r\n", 0, len(octets) - 2) < 0 and self._has_dots_after_lf(octets):
            self.dots_after_lf = True
            octets = octets.replace(b"\n..", b"\n.")
        return octets

    def partial(self) -> bytes:
        """What has come, for data that never ended or was too much."""
        return bytes((self._octets[: PARTIAL + 2] + self._held)[self._skip :][:PARTIAL])

    def _has_dots_after_lf(self, octets: bytearray) -> bool:
        single = self._start.startswith(b".") and self._start != b".."
        return not single and b"\n.." in octets and _LONE_DOT_AFTER_LF.search(octets) is None

    def _keep(self, octets: bytes) -> None:
        """*octets* end neither in a line end nor in one with a dot, so that no dot to remove is overlooked."""
        self._add(octets.replace(b"\r\n.", b"\r\n"))

    def _add(self, octets: bytes) -> None:
        if self.too_large:
            self._drained += len(octets)
            return
        self._octets += octets
        if len(self._octets) > self._limit:
            self.too_large = True
            self._drained = len(self._octets[PARTIAL + 2 :])
            del self._octets[PARTIAL + 2 :]
