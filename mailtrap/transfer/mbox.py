"""An mbox, in the form `mailtrap.transfer.mboxrd`: all messages in one file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from mailtrap.portable.packed import HELD
from mailtrap.portable.record import Record
from mailtrap.transfer.files import cut
from mailtrap.transfer.index import Journal, Line, index_of, is_there, read_index
from mailtrap.transfer.items import UNKNOWN, Item, Unusable, failing, too_large
from mailtrap.transfer.mboxrd import Found, from_line, messages, quoted, unquoted
from mailtrap.transfer.writing import FileWriter

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Mbox:
    """The messages of an mbox, in its order. What its index says counts for those that are where it says."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path, self._limit = path, limit
        self.warnings: list[str] = []
        self.units = path.stat().st_size
        """Octets of the file."""

    def items(self) -> Iterator[Item]:
        """Every message."""
        index = _Index(read_index(index_of(self._path), self.warnings))
        begun = 0
        with self._path.open("rb", buffering=HELD) as file:  # what was looked at is there to be read again
            for found in messages(file, self._limit):
                units, begun = found.end - begun, found.end
                yield self._item(found, index, units)
        index.finish()
        if index.strays:
            self.warnings.append(f"{self._path} was changed: {index.strays:,} messages are not where its index says")

    def _item(self, found: Found, index: _Index, units: int) -> Item:
        where = f"{self._path}, the message at octet {found.offset:,}"
        line = index.line_at(found.offset)
        octets = None if found.octets is None else unquoted(found.octets)
        if octets is not None and line is not None:
            # An LF that was put at its end goes; whatever differs more is another message by now.
            if line.length == len(found.octets or b"") and 0 <= len(octets) - line.size <= 1:
                octets = octets[: line.size]
            else:
                index.strays += 1
                line = None
        if octets is None or len(octets) > self._limit:
            return Item(where, failing(too_large(self._limit)), units=units)
        return Item(where, partial(_same, octets), line.record if line else UNKNOWN, units)


class _Index:
    """The lines of an index, of which the next is looked at."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._next = next(lines, None)
        self.strays = 0
        """So many lines are about messages that are not there."""

    def line_at(self, offset: int) -> Line | None:
        """The line for the message that begins there, if there is one; those before it are passed."""
        while self._next is not None and self._next.offset < offset:
            self.strays += 1
            self._next = next(self._lines, None)
        if self._next is None or self._next.offset > offset:
            return None
        line, self._next = self._next, next(self._lines, None)
        return line

    def finish(self) -> None:
        """There are no more messages."""
        self.strays += (self._next is not None) + sum(1 for _ in self._lines)


class MboxWriter(FileWriter):
    """An mbox to write behind; one that somebody else has made is left alone."""

    def __init__(self, path: Path) -> None:
        index = index_of(path)
        if path.exists() and not is_there(index):
            raise Unusable(f"{path} is there, and is no export that can be gone on with: use another name")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        size = path.stat().st_size
        self._journal = Journal(index, lambda line: _end(line) <= size)
        self.done = self._journal.done
        if self._journal.was_broken_off:
            cut(path, _end(self._journal.last) if self._journal.last else 0)
        self._file = path.open("ab", buffering=HELD)
        self._file.write(_missing_separator(path))
        self._at = self._file.tell()

    def add(self, record: Record, octets: bytes) -> None:
        """Write a message behind the others."""
        first = from_line(record.envelope.mail_from if record.envelope else "", record.received_at or _EPOCH)
        stored = quoted(octets)
        self._file.write(first)
        self._file.write(stored)
        self._file.write(b"\n")
        self._note(record, offset=self._at + len(first), length=len(stored), size=len(octets))
        self._at += len(first) + len(stored) + 1

    def finish(self) -> None:
        """Say that it is whole."""
        self.flush()
        self._file.close()
        self._journal.finish()


def _missing_separator(path: Path) -> bytes:
    """What has to be written first, where somebody else has written since."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2))
        tail = file.read()
    return b"\n\n"[len(tail) - len(tail.rstrip(b"\n")) :] if tail else b""


def _same(octets: bytes) -> bytes:
    return octets


def _end(line: Line) -> int:
    return line.offset + line.length + 1
