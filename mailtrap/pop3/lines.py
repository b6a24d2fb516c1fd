"""Command lines out of whatever octets come, bounded however long they are."""

from __future__ import annotations

from mailtrap.pop3.errors import Bad

LIMIT = 2048
"""Octets of a command without its end. RFC 2449 §4 has 253, which names with a project before them may need more of."""

SASL_LIMIT = 12_288
"""Octets of a line in an AUTH exchange, and of AUTH itself: a token is longer than any command (RFC 4954 §4.3)."""


class Lines:
    """Takes octets in pieces of any size and gives lines; a search never looks at an octet twice."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._scanned = 0  # no LF before this
        self._overlong = False

    def __len__(self) -> int:
        return len(self._octets)

    def feed(self, octets: bytes) -> None:
        """These came next."""
        self._octets += octets

    def clear(self) -> None:
        """Forget what came."""
        self.__init__()  # type: ignore[misc]  # as new

    def ready(self) -> bool:
        """Whether a whole line is here. What cannot become a line any more is dropped."""
        end = self._octets.find(b"\n", self._scanned)
        if end >= 0:
            self._scanned = end
            return True
        self._scanned = len(self._octets)
        if self._scanned > SASL_LIMIT + 1:  # the CR of the line's end may be here already
            self._overlong = True
            self._octets.clear()
            self._scanned = 0
        return False

    def take(self, *, in_exchange: bool) -> bytes:
        """The next line without its end, once `ready`; raises `Bad` in the place of one that is too long.

        A bare LF ends a command too: people type at this port.
        """
        line = bytes(self._octets[: self._scanned])
        del self._octets[: self._scanned + 1]
        self._scanned = 0
        line = line.removesuffix(b"\r")
        limit = SASL_LIMIT if in_exchange or line[:5].upper() == b"AUTH " else LIMIT
        if self._overlong or len(line) > limit:
            self._overlong = False
            raise Bad(f"A line may have {limit:,} octets")
        return line
