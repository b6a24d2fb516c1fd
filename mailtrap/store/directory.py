"""Where a database lives: a directory that one process holds, and that a temporary store leaves behind empty."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from mailtrap.errors import StoreInUse, StoreUnavailable

PREFIX = "mailtrap-"
FILE = "mailtrap.db"
_LOCK = "mailtrap.lock"


class Directory:
    """A directory that no other process uses at the same time."""

    def __init__(self, path: Path, *, temporary: bool = False) -> None:
        """Lock *path*, which is there; raises `StoreInUse` where another process has done that."""
        self.path = path
        self.file = path / FILE
        self.temporary = temporary
        self._lock: int | None = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        if not _lock(self._lock):
            self.forget()
            raise StoreInUse(f"{path} is in use by {_holder(path)}; one directory serves one process at a time")
        os.truncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())

    def close(self) -> None:
        """Let others have it; a temporary one goes."""
        if self._lock is not None:
            self.forget()
            if self.temporary:
                shutil.rmtree(self.path, ignore_errors=True)

    def forget(self) -> None:
        """Let go of the lock: in a forked child it would outlive the parent, whose directory it is."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def persistent(path: Path) -> Directory:
    """*path*, made if it is not there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        return Directory(path)
    except FileExistsError:
        raise StoreUnavailable(f"{path} is not a directory") from None
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be written to: {error.strerror}") from error


def temporary(parent: Path | None) -> Directory:
    """A new private directory in *parent*; what dead processes left there goes."""
    try:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        where = Path(parent or tempfile.gettempdir())
        _remove_leftovers(where)
        return Directory(Path(tempfile.mkdtemp(prefix=PREFIX, dir=where)), temporary=True)
    except OSError as error:
        raise StoreUnavailable(f"{parent or 'the temporary directory'}: {error.strerror}") from error


def _remove_leftovers(where: Path) -> None:
    for path in where.glob(PREFIX + "*"):
        with suppress(OSError, StoreInUse):
            status = path.lstat()
            # A lock with nothing in it is being made; and what belongs to others, or is a link, is not ours to follow.
            if not path.is_symlink() and (path / _LOCK).stat().st_size and status.st_uid == _user():
                Directory(path, temporary=True).close()


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError):
        return f"process {int((path / _LOCK).read_text())}"
    return "another process"


# Locks that end with the process, however it ends.
if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # behind what is written there: nobody can read what is locked
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True

    def _user() -> int:
        return 0
else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _user() -> int:
        return os.getuid()
