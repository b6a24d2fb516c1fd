"""Maildir: a directory with cur, new and tmp in it, a file a message, and its flags in the name (cr.yp.to/proto)."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from mailtrap.portable.record import Record
from mailtrap.store.records import NO_FLAGS, Flag
from mailtrap.transfer.files import read_file, write_file
from mailtrap.transfer.index import Journal, index_of, read_index
from mailtrap.transfer.items import UNKNOWN, Item
from mailtrap.transfer.writing import Writer

COLON = ":" if sys.platform != "win32" else "!"
LETTERS = {"D": Flag.DRAFT, "F": Flag.FLAGGED, "R": Flag.ANSWERED, "S": Flag.SEEN, "T": Flag.DELETED}
"""In the order in which they are written, which is that of ASCII."""

_OURS = re.compile(r"[0-9]+\.([A-Za-z0-9_-]+)\.mailtrap", re.ASCII)
_INFO = re.compile(r"[:!;]2,([A-Za-z]*)\Z")


class Maildir:
    """The messages of a maildir: first what its index names, in its order, then the others, oldest first."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path, self._limit = path, limit
        self.warnings: list[str] = []
        self._names = {_unique(name): (folder, name) for folder, name in _files(path)}
        self.units = len(self._names)

    def items(self) -> Iterator[Item]:
        """What is in cur and new. The flags are those of the names: they may have changed since."""
        for line in read_index(index_of(self._path), self.warnings):
            if found := self._names.pop(_unique(line.file), None):
                yield self._item(*found, line.record)
        for found in sorted(self._names.values(), key=_age):
            yield self._item(*found, UNKNOWN)

    def _item(self, folder: str, name: str, record: Record) -> Item:
        where = self._path / folder / name
        return Item(str(where), partial(read_file, where, self._limit), replace(record, flags=flags_in(name)))


class MaildirWriter(Writer):
    """A maildir to put messages into, as whoever delivers mail does: nobody sees half of one."""

    def __init__(self, path: Path) -> None:
        for name in ("cur", "new", "tmp"):
            path.joinpath(name).mkdir(parents=True, exist_ok=True)
        self._path = path
        self._journal = Journal(index_of(path))
        self.done = self._journal.done
        if self._journal.was_broken_off:
            self._remove_unknown()

    def add(self, record: Record, octets: bytes) -> None:
        """Write a file: to new, if it has no flags, else to cur."""
        seconds = int(record.received_at.timestamp()) if record.received_at else 0
        unique = f"{seconds}.{record.id}.mailtrap"
        name = self._path / ("cur" if record.flags else "new") / (unique + info(record.flags))
        write_file(name, octets, self._path / "tmp" / unique, record.received_at)
        self._note(record, file=unique, size=len(octets))

    def _remove_unknown(self) -> None:
        """Remove what was written and not noted: with other flags by now, it would be there twice."""
        for folder, name in _files(self._path):
            ours = _OURS.fullmatch(_unique(name))
            if ours and ours[1] not in self.done:
                self._path.joinpath(folder, name).unlink()


def info(flags: Flag) -> str:
    """What of a name tells the flags; nothing for none.

    >>> info(Flag.SEEN | Flag.FLAGGED).replace("!", ":"), info(Flag(0))
    (':2,FS', '')
    """
    letters = "".join(letter for letter, flag in LETTERS.items() if flag in flags)
    return f"{COLON}2,{letters}" if letters else ""


def flags_in(name: str) -> Flag:
    """The flags that a file's name tells; letters that mean nothing to us are passed over.

    >>> flags_in("1700000000.x.host:2,PS") == Flag.SEEN
    True
    """
    found = _INFO.search(name)
    flags = NO_FLAGS
    for letter in found[1] if found else "":
        flags |= LETTERS.get(letter, NO_FLAGS)
    return flags


def _files(path: Path) -> Iterator[tuple[str, str]]:
    for folder in ("cur", "new"):
        with os.scandir(path / folder) as found:
            for entry in found:
                if not entry.name.startswith(".") and not entry.is_dir(follow_symlinks=False):
                    yield folder, entry.name


def _unique(name: str) -> str:
    return _INFO.sub("", name)


def _age(found: tuple[str, str]) -> tuple[int, str]:
    """Names begin with when they were made, in seconds."""
    seconds = found[1].partition(".")[0]
    return int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 20 else 0, found[1]
