"""How full the disk is that a store is on: said in good time, because nobody looks before mail is refused."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

FULL = 0.8
"""From here on it is worth a warning."""

_QUIET_AGAIN = 0.75
"""Under this a warning may come again."""

_EVERY = 10.0
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Disk:
    """Octets of the file system, and how many of them are free for us."""

    total: int
    free: int

    @property
    def used(self) -> float:
        """Which part is in use, from 0 to 1."""
        return 1 - self.free / self.total if self.total else 0.0

    @property
    def warning(self) -> str | None:
        """What is to be said of it; None where there is room."""
        if self.used < FULL:
            return None
        return f"the disk is {self.used:.0%} full, {self.free / (1 << 30):.1f} GiB are free"


def disk(path: Path) -> Disk:
    """The disk that *path* is on."""
    found = shutil.disk_usage(path)
    return Disk(found.total, found.free)


class DiskWatch:
    """Warns in the log when a disk gets full, once until there is room again."""

    def __init__(self, look: Callable[[], Disk], clock: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._clock = clock
        self._next = 0.0
        self._warned = False

    def note(self) -> None:
        """Something was written: look, if that was not done a moment ago."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _EVERY
        try:
            found = self._look()
        except OSError:  # it cannot be asked; whoever writes will see
            return
        if found.warning and not self._warned:
            log.warning("%s: --keep-bytes, --keep-messages or --keep-age let the oldest messages go", found.warning)
        self._warned = found.used >= (_QUIET_AGAIN if self._warned else FULL)
