"""``mailtrap.jsonl``: beside exported files, what else is known of each message. A line a message, in their order.

While an export is under way, or was broken off, its name ends with ``.part``: then what lies behind the last message
that it knows is torn, and ours to take away.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mailtrap.portable.packed import line, members
from mailtrap.portable.record import BadRecord, Record, from_json, member
from mailtrap.transfer.files import lock
from mailtrap.transfer.items import Unusable

NAME = "mailtrap.jsonl"
PART = ".part"
LONGEST = 4 << 20
"""Octets of a line."""

WARNINGS = 20
"""So many bad lines are told."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the index says of a message, and where that is."""

    record: Record
    size: int
    file: str = ""
    """The name of its file, if it has one of its own."""
    offset: int = -1
    """Where it begins in the file that it shares."""
    length: int = -1
    """How many octets it has there."""


def index_of(path: Path) -> Path:
    """Where the index of an export is: in a directory, or beside a file."""
    return path / NAME if path.is_dir() else path.with_name(f"{path.name}.{NAME}")


def is_there(index: Path) -> bool:
    """Whether there is an index, of an export that is finished or of one that is not."""
    return index.exists() or _part(index).exists()


def read_index(index: Path, warnings: list[str]) -> Iterator[Line]:
    """The lines of an index, if there is one; those that cannot be read go to *warnings*."""
    path = index if index.exists() else _part(index)
    if path.is_file():  # from nothing else is read, or it might be waited for
        with path.open("rb") as file:
            yield from read_lines(file, index.name, warnings)


def read_lines(file: IO[bytes], name: str, warnings: list[str]) -> Iterator[Line]:
    """The same, of an open file called *name*."""
    for number, text in enumerate(_bounded(file), 1):
        try:
            yield _line(text)
        except BadRecord as error:
            if len(warnings) < WARNINGS:
                warnings.append(f"{name}, line {number}: {error}; its message is taken without")


def _bounded(file: IO[bytes]) -> Iterator[bytes]:
    """Lines, of which only the beginning is given if they are too long. The last may be torn: it is left out."""
    while text := file.readline(LONGEST):
        if text.endswith(b"\n"):
            yield text
        elif len(text) == LONGEST:
            while (rest := file.readline(LONGEST)) and not rest.endswith(b"\n"):
                pass
            yield text


def _line(text: bytes) -> Line:
    if len(text) == LONGEST:
        raise BadRecord("it is too long")
    found = members(text)
    file = member(found, "file", str, "")
    if file in (".", "..") or any(each in file for each in "/\\:\0"):
        raise BadRecord("file must be a name, without a directory")
    numbers = {name: member(found, name, int, -1) for name in ("size", "offset", "length")}
    return Line(from_json(found), file=file, **numbers)


class Journal:
    """The index of an export under way. What is in it is in the export."""

    def __init__(self, index: Path, is_whole: Callable[[Line], bool] = lambda _: True) -> None:
        """Go on with *index*, as far as its messages are whole; raises `Unusable`."""
        self._index, self._file = index, _part(index)
        self.was_broken_off = self._file.exists()
        """An export was, and nobody else has written there since."""
        if not self.was_broken_off and index.exists():
            index.rename(self._file)
        self._out = os.open(self._file, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        self._lines: list[bytes] = []
        self.done: set[str] = set()
        """The ids of all messages in it."""
        self.last: Line | None = None
        try:
            self._begin(is_whole)
        except BaseException:
            self.close()
            raise

    def add(self, record: Record, **more: object) -> None:
        """A message that is about to be whole; see `flush`."""
        self._lines.append(line(record, **more))
        self.done.add(record.id)

    @property
    def waiting(self) -> int:
        """So many are added and not flushed."""
        return len(self._lines)

    def flush(self) -> None:
        """All that were added are whole: write them down."""
        octets = memoryview(b"".join(self._lines))
        while octets:
            octets = octets[os.write(self._out, octets) :]
        self._lines.clear()

    def finish(self) -> None:
        """The export is whole."""
        self.flush()
        self.close()
        self._file.replace(self._index)

    def close(self) -> None:
        """Let go of the file."""
        if self._out >= 0:
            os.close(self._out)
            self._out = -1

    @property
    def path(self) -> Path:
        """Where it is while it is under way."""
        return self._file

    def discard(self) -> None:
        """What was in it is elsewhere now."""
        self.close()
        self._file.unlink()

    def _begin(self, is_whole: Callable[[Line], bool]) -> None:
        if not lock(self._out) or not os.path.samestat(os.fstat(self._out), self._file.stat()):
            raise Unusable(f"another export writes to {self._file.name}")
        end = 0
        with open(self._out, "rb", closefd=False) as file:
            while text := file.readline():
                try:
                    found = _line(text) if text.endswith(b"\n") else None
                except BadRecord as error:
                    raise Unusable(f"{self._file} is damaged: {error}") from None
                if found is None or not is_whole(found):
                    break
                self.done.add(found.record.id)
                self.last = found
                end += len(text)
        os.ftruncate(self._out, end)
        os.lseek(self._out, end, os.SEEK_SET)


def _part(index: Path) -> Path:
    return index.with_name(index.name + PART)
