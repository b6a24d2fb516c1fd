"""Messages in files of their own: one ``.eml``, or a directory of them, with more directories in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from mailtrap.portable.record import Record
from mailtrap.transfer.files import read_file, write_file
from mailtrap.transfer.index import Journal, index_of, read_index
from mailtrap.transfer.items import UNKNOWN, Item, Unusable
from mailtrap.transfer.writing import Writer

SUFFIX = ".eml"


class EmlFile:
    """A single message. The name is what the user wrote: a link is followed."""

    units = 1

    def __init__(self, path: Path, limit: int) -> None:
        self._path, self._limit = path, limit
        self.warnings: list[str] = []

    def items(self) -> Iterator[Item]:
        """It."""
        yield Item(str(self._path), partial(read_file, self._path, self._limit, follow=True))


class EmlTree:
    """A directory and those in it: in each, first what its index names, in its order, then the others by name."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path, self._limit = path, limit
        self.warnings: list[str] = []
        self._names = list(_walk(path))
        self.units = sum(len(names) for _, names in self._names)

    def items(self) -> Iterator[Item]:
        """The files whose names end with ``.eml``."""
        for folder, names in self._names:
            there = set(names)
            for line in read_index(index_of(folder), self.warnings):
                if line.file in there:
                    there.discard(line.file)
                    yield self._item(folder, line.file, line.record)
            yield from (self._item(folder, name, UNKNOWN) for name in names if name in there)

    def _item(self, folder: Path, name: str, record: Record) -> Item:
        where = folder / name
        return Item(str(where), partial(read_file, where, self._limit), record)


class EmlWriter(Writer):
    """A directory of files called after the ids of their messages."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._journal = Journal(index_of(path), lambda line: path.joinpath(line.file).is_file())
        self.done = self._journal.done

    def add(self, record: Record, octets: bytes) -> None:
        """Write a file."""
        name = record.id + SUFFIX
        write_file(self._path / name, octets, self._path / f"{name}.part", record.received_at)
        self._note(record, file=name, size=len(octets))


def _walk(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    def fail(error: OSError) -> None:
        raise Unusable(f"{error.filename}: {error.strerror}") from error

    for where, folders, files in os.walk(folder, onerror=fail):  # links to directories are not followed
        folders.sort()
        yield Path(where), sorted(name for name in files if name.lower().endswith(SUFFIX))
