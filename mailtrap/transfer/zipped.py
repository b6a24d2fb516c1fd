"""A zip file with messages in it, each in an ``.eml`` of its own, and their index."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from mailtrap.portable.packed import HELD
from mailtrap.portable.record import Record
from mailtrap.transfer import zip_format
from mailtrap.transfer.eml import SUFFIX
from mailtrap.transfer.files import cut
from mailtrap.transfer.index import NAME, PART, Journal, Line, index_of, read_lines
from mailtrap.transfer.items import UNKNOWN, Item, Unusable, too_large
from mailtrap.transfer.writing import FileWriter

_METHODS = (zip_format.STORED, zip_format.DEFLATED)
_ENCRYPTED = 1
_BROKEN = (
    BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ArithmeticError,
    LookupError,
    RuntimeError,
    ValueError,
)
"""What `zipfile` raises over files that are not as they should be."""

_LARGEST_INDEX = 1 << 30


class Zip:
    """The messages in a zip file: first what its index names, in its order, then the others in that of the file."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path, self._limit = path, limit
        self.warnings: list[str] = []
        self._zip = _opened(path)
        self._members = [each for each in self._zip.infolist() if _is_message(each)]
        self.units = len(self._members)

    def items(self) -> Iterator[Item]:
        """The members whose names end with ``.eml``."""
        with self._zip:
            by_name = {each.filename: each for each in self._members}
            known: set[int] = set()
            for line in self._index():
                if found := by_name.pop(line.file, None):
                    known.add(found.header_offset)
                    yield self._item(found, line.record)
            yield from (self._item(each, UNKNOWN) for each in self._members if each.header_offset not in known)

    def _index(self) -> Iterator[Line]:
        found = self._zip.NameToInfo.get(NAME)
        if found is None:
            return
        try:
            if found.file_size > _LARGEST_INDEX or found.compress_type not in _METHODS:
                raise BadZipFile("it is not as an export writes it")
            with self._zip.open(found) as file:
                yield from read_lines(file, NAME, self.warnings)
        except _BROKEN as error:
            self.warnings.append(f"{NAME} cannot be unpacked: {error}; messages are taken without")

    def _item(self, member: ZipInfo, record: Record) -> Item:
        return Item(f"{self._path}, {member.filename}", partial(self._load, member), record)

    def _load(self, member: ZipInfo) -> bytes:
        if member.flag_bits & _ENCRYPTED:
            raise Unusable("it is encrypted")
        if member.compress_type not in _METHODS:
            raise Unusable("it is packed by a method other than deflate")
        if member.file_size > self._limit:
            raise too_large(self._limit)
        try:
            with self._zip.open(member) as file:
                octets = file.read(self._limit + 1)  # whatever its size claims to be
        except _BROKEN as error:
            raise Unusable(f"it cannot be unpacked: {error}") from None
        if len(octets) > self._limit:
            raise too_large(self._limit)
        return octets


class ZipWriter(FileWriter):
    """A zip file to write behind. While that is under way, its index is beside it; at the end, in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        index = index_of(path)
        part = index.with_name(index.name + PART)
        if not part.exists() and path.exists() and path.stat().st_size:
            _take_index_out(path, part)
        path.touch()
        with path.open("rb") as file:
            ends = {each.name.decode("latin-1"): each.end for each in zip_format.members(file)}
        self._journal = Journal(index, lambda line: line.file in ends)
        self.done = self._journal.done
        cut(path, ends[self._journal.last.file] if self._journal.last else 0)
        self._file = path.open("r+b", buffering=HELD)
        self._file.seek(0, 2)

    def add(self, record: Record, octets: bytes) -> None:
        """Write a member."""
        name = record.id + SUFFIX
        zip_format.add(self._file, name, octets, record.received_at)
        self._note(record, file=name, size=len(octets))

    def finish(self) -> None:
        """Put the index in, and the directory behind it."""
        self.flush()
        with self._journal.path.open("rb") as lines:
            zip_format.add_file(self._file, NAME, lines)
        with self._path.open("rb") as again:
            zip_format.close(self._file, again)
        self._file.close()
        self._journal.discard()


def _opened(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    except _BROKEN as error:
        text = f"{path} is no whole zip file ({error})"
        raise Unusable(f"{text}; export to it again to make it whole" if _is_begun(path) else text) from None


def _is_begun(path: Path) -> bool:
    index = index_of(path)
    return index.with_name(index.name + PART).exists()


def _is_message(member: ZipInfo) -> bool:
    """What macOS puts beside files is none."""
    name = member.filename
    return name.lower().endswith(SUFFIX) and not name.startswith("__MACOSX/")


def _take_index_out(path: Path, part: Path) -> None:
    """Put the index of a finished export beside it; raises `Unusable` if it was not one, or is not only that now."""
    with _opened(path) as archive, path.open("rb") as file:
        ours = [each.name.decode("latin-1") for each in zip_format.members(file)]
        if archive.namelist() != ours or ours[-1:] != [NAME]:
            raise Unusable(f"{path} is there, and is no export that can be gone on with: use another name")
        unfinished = part.with_name(part.name + "2")
        with archive.open(NAME) as lines, unfinished.open("wb") as out:
            while piece := lines.read(HELD):
                out.write(piece)
        unfinished.replace(part)
