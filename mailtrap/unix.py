"""Unix sockets: one that listens at a path, which is there as long as the socket is open."""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mailtrap.errors import CannotListen

LONGEST = 107 if sys.platform == "linux" else 103
"""Octets of a path: ``sun_path`` has one more, for a NUL."""

ATTEMPTS, PAUSE = 100, 0.01
"""How often, after so many seconds each, another sandbox is waited for that opens a socket in the same directory."""


class Listening(socket.socket):
    """Closing it removes its path, unless that leads elsewhere by now; a forked child's copy leaves it alone."""

    _path = Path()
    _made: tuple[int, int] | None = None
    _process = 0

    def open(self, path: Path, mode: int, backlog: int) -> None:
        """Listen at *path*, where nothing is yet."""
        self.bind(str(path))
        self._path, self._made, self._process = path, _identity(path), os.getpid()
        path.chmod(mode)  # in time: nobody can connect before it listens
        self.listen(backlog)

    def close(self) -> None:
        # The path goes first: what still listens is not taken for left behind, and its i-node's number is no other's.
        made, self._made = self._made, None
        if made is not None and os.getpid() == self._process:
            with suppress(OSError):
                if _identity(self._path) == made:
                    self._path.unlink()
        super().close()


def listen(path: Path, setting: str, mode: int, backlog: int) -> socket.socket:
    """A socket that listens at *path*: one that was left behind there is replaced, and one in use is not.

    Raises `CannotListen`, which names *setting*.
    """
    path = path.absolute()
    octets = len(os.fsencode(path))
    if octets > LONGEST:
        raise CannotListen(f"{path}, for {setting}, is too long: {octets} octets, and the system takes {LONGEST}")
    try:
        return _listening(path, mode, backlog)
    except OSError as error:
        raise CannotListen(_explain(error, path, setting)) from None


def connected(path: str, timeout: float) -> socket.socket:
    """A connection to whoever listens at *path*."""
    sock = socket.socket(family(), socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(path)
    except OSError:
        sock.close()
        raise
    return sock


def family() -> int:
    """That of Unix sockets, which Python does not have everywhere."""
    found: int | None = getattr(socket, "AF_UNIX", None)
    if found is None:
        raise OSError(errno.EAFNOSUPPORT, "this system has no Unix sockets")
    return found


def _listening(path: Path, mode: int, backlog: int) -> Listening:
    sock = Listening(family(), socket.SOCK_STREAM)
    try:
        with _alone_in(path.parent):
            _make_room(path)
            sock.open(path, mode, backlog)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """No other sandbox opens a socket there meanwhile: before it listens it looks as if it were left behind."""
    import fcntl  # late: where there are no Unix sockets, this is not there either

    try:
        place = os.open(directory, os.O_RDONLY)
    except PermissionError:  # as with a spool that one may write to, and not look into
        yield
        return
    try:
        for _ in range(ATTEMPTS):  # whoever holds it for longer is no sandbox, and does not matter
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(PAUSE)
            except OSError:  # not on this file system
                break
            else:
                break
        yield
    finally:
        os.close(place)


def _make_room(path: Path) -> None:
    """Remove a socket that nobody listens at any more; raise `OSError` for all else that is there."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(errno.ENOTSOCK, "")
        if not _is_in_use(path):
            path.unlink()


def _is_in_use(path: Path) -> bool:
    try:
        connected(str(path), 0).close()
    except ConnectionRefusedError:
        return False
    except (FileNotFoundError, PermissionError):
        raise
    except OSError:  # there is a queue, or it is of another kind or of somebody else: in any case it is not ours
        return True
    return True


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino


def _explain(error: OSError, path: Path, setting: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{path} is in use already: stop what listens there, or set {setting} to another path"
    if error.errno == errno.ENOTSOCK:
        return f"{path} is there and is no Unix socket: set {setting} to another path"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"{path} cannot be made, because {path.parent} is no directory: set {setting} to a path in one"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} is not for this user to make: set {setting} to a free path in a directory of this user's"
    return f"{path}, for {setting}, cannot be opened: {error.strerror or error}"
