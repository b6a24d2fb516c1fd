"""Reading files that somebody else has put there, and writing files that are whole or not there."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from datetime import datetime
from io import FileIO
from pathlib import Path

from mailtrap.transfer.items import Unusable, too_large

# Nothing is followed, and nothing that is no file is waited for.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_file(path: Path, limit: int, *, follow: bool = False) -> bytes:
    """A regular file of at most *limit* octets; raises `Unusable` or `OSError`. A link is followed only if asked."""
    if not follow and path.is_symlink():
        raise Unusable("it is a symbolic link, and none is followed")
    descriptor = os.open(path.resolve() if follow else path, _READ)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unusable("it is no file")
        if status.st_size > limit:
            raise too_large(limit)
        with open(descriptor, "rb", closefd=False) as file:
            octets = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(octets) > limit:
        raise too_large(limit)
    return octets


def write_file(path: Path, octets: bytes, unfinished: Path, at: datetime | None) -> None:
    """Write *octets* to *unfinished*, and when they are all there give that its name. Its time is *at*."""
    with _new(unfinished) as file:
        view = memoryview(octets)
        while view:
            view = view[file.write(view) :]
    if at is not None:
        with suppress(OSError, OverflowError):  # there are times that a file system does not know
            os.utime(unfinished, (at.timestamp(), at.timestamp()))
    unfinished.replace(path)


def _new(path: Path) -> FileIO:
    """A file that was not there before: nothing is written through a link."""
    try:
        return FileIO(path, "xb")
    except FileExistsError:
        path.unlink()
        return FileIO(path, "xb")


def cut(path: Path, size: int) -> None:
    """Take away what a file has beyond *size*."""
    if path.stat().st_size > size:
        os.truncate(path, size)


if sys.platform == "win32":

    def lock(descriptor: int) -> bool:
        """Make sure that nobody else writes there; False if somebody does."""
        import msvcrt

        os.lseek(descriptor, 1 << 40, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:

    def lock(descriptor: int) -> bool:
        """Make sure that nobody else writes there; False if somebody does."""
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
