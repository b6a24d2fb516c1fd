"""Command lines out of whatever octets come, bounded however long they are."""

from __future__ import annotations

from mailtrap.errors import MailtrapError

LIMIT = 12_288
"""Octets of a line without its end that AUTH takes at least, here and in POP3 (RFC 4954 §4.3, RFC 5034 §4)."""

HTTP = frozenset("GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split())
"""Commands of a protocol that is not spoken at any port for mail (RFC 9110 §9.3, RFC 5789)."""

_BEGINNING = 64
"""Octets of a line in which its command is, whatever space is before it."""


class LineTooLong(MailtrapError):
    """A line over the limit came; it was dropped as it came in."""


class Lines:
    """Takes octets in pieces of any size and gives lines; a search never looks at an octet twice."""

    def __init__(self, limit: int = LIMIT) -> None:
        """*limit*: octets of a line without its end."""
        self._limit = limit
        self._longest = max(limit, LIMIT)
        self._octets = bytearray()
        self._scanned = 0  # no LF before this
        self._dropped = b""
        """How a line began that is too long, whoever says it."""

    def __len__(self) -> int:
        return len(self._octets)

    def feed(self, octets: bytes) -> None:
        """These came next."""
        self._octets += octets

    def clear(self) -> None:
        """Forget what came."""
        self.__init__(self._limit)  # type: ignore[misc]  # as new

    def ready(self) -> bool:
        """Whether a whole line is here. What cannot become a line any more is dropped."""
        end = self._octets.find(b"\n", self._scanned)
        if end >= 0:
            self._scanned = end
            return True
        self._scanned = len(self._octets)
        if self._scanned > self._longest + 1:  # the CR of the line's end may be here already
            self._dropped = self._dropped or bytes(self._octets[:_BEGINNING])
            self._octets.clear()
            self._scanned = 0
        return False

    def take(self, *, in_exchange: bool = False) -> bytes:
        """The next line without its end, once `ready`; raises `LineTooLong` in its place.

        *in_exchange*: it belongs to AUTH, as a command that begins so does.
        A bare LF ends a command too, as it does for Postfix: people type at this port. The end of DATA,
        where that would let messages be smuggled in, is found by `Data` and is stricter.
        """
        line = bytes(self._octets[: self._scanned])
        del self._octets[: self._scanned + 1]
        self._scanned = 0
        line = line.removesuffix(b"\r")
        if self._dropped or len(line) > self._limit:
            self._check(line, in_exchange=in_exchange)
        return line

    def take_all(self) -> bytes:
        """Whatever is here, for somebody who does not read lines."""
        octets = bytes(self._octets)
        self._octets.clear()
        self._scanned = 0
        return octets

    def _check(self, line: bytes, *, in_exchange: bool) -> None:
        dropped, self._dropped = self._dropped, b""
        is_auth = (dropped or line[:_BEGINNING]).upper().split(None, 1)[:1] == [b"AUTH"]
        limit = self._longest if in_exchange or is_auth else self._limit
        if dropped or len(line) > limit:
            raise LineTooLong(f"a line may have {limit:,} octets")
