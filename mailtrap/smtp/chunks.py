"""What comes behind BDAT (RFC 3030): so many octets as it said, whatever they are, one chunk after another."""

from __future__ import annotations

from mailtrap.smtp.data import Data


class Chunks(Data):
    """Takes chunks in pieces of any size. Nothing in them is stuffed, and nothing ends them but their size."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._held = b""  # a chunk may begin anywhere
        self._limit = limit
        self._skip = 0
        self._to_come = 0

    def expect(self, octets: int) -> None:
        """The next chunk has so many."""
        self._to_come = octets

    def feed(self, octets: bytes) -> bytes | None:
        """These came next; gives those behind the end of the chunk once that was among them, before it None."""
        size, self._to_come = self._to_come, max(0, self._to_come - len(octets))
        self._add(octets[:size])
        return octets[size:] if len(octets) >= size else None

    def message(self) -> bytearray:
        """The message, as it came: also without a line end behind its last line."""
        return self._octets


class Discarded(Chunks):
    """A chunk that nobody wants, and that comes all the same."""

    def __init__(self) -> None:
        super().__init__(0)
        self.too_large = True
