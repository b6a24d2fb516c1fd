"""A message that is being told of: in memory if it is small, else read slice by slice, as far as it is needed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from weakref import WeakKeyDictionary

from mailtrap.errors import NotFound
from mailtrap.imap.responses import CHUNK
from mailtrap.message.parse import Part, Structure, header_end, parse
from mailtrap.store import Store
from mailtrap.store.records import Fetched

SMALL = 1 << 18
"""Octets of a message that is read whole: it is one row of the store."""


class CutShort(Exception):
    """The rest of a literal cannot be sent: the message was deleted when its beginning was out."""


class Trees:
    """The parts of large messages that were read last: clients fetch an attachment piece by piece."""

    def __init__(self, limit: int = 16) -> None:
        self._limit = limit
        self._roots: OrderedDict[int, Part] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, number: int) -> Part | None:
        """The root of a message's parts, if it is known."""
        with self._lock:
            found = self._roots.get(number)
            if found is not None:
                self._roots.move_to_end(number)
            return found

    def keep(self, number: int, root: Part) -> None:
        """Know the root of a message's parts, and forget the one that was not wanted for the longest time."""
        with self._lock:
            self._roots[number] = root
            if len(self._roots) > self._limit:
                self._roots.popitem(last=False)


_TREES: WeakKeyDictionary[Store, Trees] = WeakKeyDictionary()


class Opened:
    """One message. Whatever is asked of it raises `NotFound` if the message is gone."""

    __slots__ = ("_octets", "_root", "_store", "row", "size")

    def __init__(self, store: Store, row: Fetched, octets: bytes | None = None) -> None:
        """*octets* are those of a small message."""
        self.row = row
        self.size = row.size
        self._store = store
        self._octets = octets
        self._root: Part | None = None

    def octets(self, start: int, stop: int) -> bytes:
        """A slice of it."""
        if self._octets is None:
            return self._store.octets(self.row.number, start, stop)
        return self._octets[start:stop]

    def pieces(self, start: int, stop: int) -> Iterable[bytes]:
        """The same in pieces of which none is large, the first of them read at once."""
        if self._octets is not None or stop - start <= CHUNK:
            return (self.octets(start, stop),) if start < stop else ()
        return self._read_on(self.octets(start, start + CHUNK), start + CHUNK, stop)

    def _read_on(self, first: bytes, start: int, stop: int) -> Iterator[bytes]:
        yield first
        for at in range(start, stop, CHUNK):
            wanted = min(CHUNK, stop - at)
            try:
                piece = self._store.octets(self.row.number, at, at + wanted)
            except NotFound:
                raise CutShort from None
            if len(piece) < wanted:
                raise CutShort
            yield piece

    @property
    def header_end(self) -> int:
        """Where its header ends: found without reading more of the message than that."""
        if self._octets is not None:
            return header_end(self._octets)
        read = CHUNK
        while True:
            front = self.octets(0, read)
            end = header_end(front)
            if end < len(front) or len(front) >= self.size:
                return end
            read *= 4

    @property
    def root(self) -> Part:
        """The root of its parts."""
        if self._root is None:
            self._root = self.structure()[1].root if self._octets is not None else self._large_root()
        return self._root

    def structure(self) -> tuple[bytes, Structure]:
        """Its octets and its structure: for that it is read whole."""
        octets = self._octets if self._octets is not None else self.octets(0, self.size)
        return octets, parse(octets)

    def _large_root(self) -> Part:
        trees = _TREES.setdefault(self._store, Trees())
        root = trees.get(self.row.number)
        if root is None:
            root = self.structure()[1].root
            trees.keep(self.row.number, root)
        return root
