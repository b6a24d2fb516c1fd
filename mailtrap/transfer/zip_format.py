"""Zip files as APPNOTE.TXT 6.3.10 has them, as far as they are written here: to the end only, and gone on with.

`zipfile` reads them. It cannot write what a kill leaves in order, and holds a list of all members in memory.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

_LOCAL = struct.Struct("<4s5H3I2H")  # §4.3.7
_CENTRAL = struct.Struct("<4s6H3I5H2I")  # §4.3.12
_END_64 = struct.Struct("<4sQ2H2I4Q")  # §4.3.14
_LOCATOR_64 = struct.Struct("<4sIQI")  # §4.3.15
_END = struct.Struct("<4s4H2IH")  # §4.3.16
_LARGE = 0xFFFFFFFF
_PIECE = 1 << 18

DEFLATED = 8
STORED = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A member, by what its header says; *end* is where the next header is."""

    name: bytes
    method: int
    time: tuple[int, int]
    crc: int
    compressed: int
    size: int
    offset: int

    @property
    def end(self) -> int:
        """Where it ends in the file."""
        return self.offset + _LOCAL.size + len(self.name) + self.compressed

    def header(self) -> bytes:
        """What stands before its data."""
        fields = (self.method, *self.time, self.crc, self.compressed, self.size, len(self.name), 0)
        return _LOCAL.pack(b"PK\x03\x04", 20, 0, *fields) + self.name

    def entry(self) -> bytes:
        """What stands for it in the directory at the end."""
        extra = struct.pack("<2HQ", 1, 8, self.offset) if self.offset >= _LARGE else b""  # §4.5.3
        fields = (self.method, *self.time, self.crc, self.compressed, self.size, len(self.name), len(extra))
        where = (0, 0, 0, 0o100644 << 16, min(self.offset, _LARGE))
        needed = 45 if extra else 20
        return _CENTRAL.pack(b"PK\x01\x02", 3 << 8 | needed, needed, 0, *fields, *where) + self.name + extra


def members(file: IO[bytes]) -> Iterator[Member]:
    """The members that are whole, from the beginning, as `add` and `add_file` have written them."""
    end = file.seek(0, 2)
    at = 0
    while True:
        file.seek(at)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
            return
        _, _, flags, method, time, date, crc, compressed, size, named, extra = _LOCAL.unpack(header)
        member = Member(file.read(named), method, (time, date), crc, compressed, size, at)
        if flags or extra or member.end > end:
            return
        yield member
        at = member.end


def add(file: IO[bytes], name: str, octets: bytes, at: datetime | None) -> None:
    """Write a member at the end."""
    packer = zlib.compressobj(wbits=-15)
    data = packer.compress(octets) + packer.flush()
    method = DEFLATED if len(data) < len(octets) else STORED
    data = data if method else octets
    member = Member(name.encode("ascii"), method, _time(at), zlib.crc32(octets), len(data), len(octets), file.tell())
    file.write(member.header())
    file.write(data)


def add_file(file: IO[bytes], name: str, other: IO[bytes]) -> None:
    """Write a member with what another file has, piece by piece."""
    packer = zlib.compressobj(wbits=-15)
    offset, crc, size = file.tell(), 0, 0
    blank = Member(name.encode("ascii"), DEFLATED, _time(datetime.now(UTC)), 0, 0, 0, offset)
    file.write(blank.header())
    while piece := other.read(_PIECE):
        crc, size = zlib.crc32(piece, crc), size + len(piece)
        file.write(packer.compress(piece))
    file.write(packer.flush())
    end = file.tell()
    compressed = end - offset - len(blank.header())
    file.seek(offset)
    file.write(Member(blank.name, DEFLATED, blank.time, crc, compressed, size, offset).header())
    file.seek(end)


def close(file: IO[bytes], again: IO[bytes]) -> None:
    """Write the directory behind the members, and what says where it is. *again* is the same file, to be read."""
    file.flush()
    count = 0
    begin = file.tell()
    for member in members(again):
        file.write(member.entry())
        count += 1
    at = file.tell()
    if count >= 0xFFFF or at >= _LARGE:
        file.write(_END_64.pack(b"PK\x06\x06", 44, 3 << 8 | 45, 45, 0, 0, count, count, at - begin, begin))
        file.write(_LOCATOR_64.pack(b"PK\x06\x07", 0, at, 1))
    few, size, where = min(count, 0xFFFF), min(at - begin, _LARGE), min(begin, _LARGE)
    file.write(_END.pack(b"PK\x05\x06", 0, 0, few, few, size, where, 0))


def _time(at: datetime | None) -> tuple[int, int]:
    """§4.4.6: time and date as MS-DOS has them, from 1980 to 2107."""
    if at is None or not 1980 <= at.year <= 2107:
        return 0, 0x21
    return at.hour << 11 | at.minute << 5 | at.second // 2, (at.year - 1980) << 9 | at.month << 5 | at.day
