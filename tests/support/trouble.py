"""Trouble for a program that runs: writes to its database that fail, and a wall clock that jumps."""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("trouble.c")
NAMES = ("ok", "failing", "error", "calls", "failed", "syncs", "clock", "remote")
"""The fields of ``struct orders``, all of 64 bits."""


def compiled(folder: Path) -> Path:
    """The library to preload."""
    library = folder / "trouble.so"
    command = ["cc", "-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o", library, SOURCE]
    subprocess.run(command, check=True)
    return library


class Trouble:
    """What a process with this `environment` has to put up with; told while it runs."""

    def __init__(self, library: Path, file: Path) -> None:
        file.write_bytes(bytes(8 * len(NAMES)))
        self.environment = {**os.environ, "LD_PRELOAD": str(library), "TROUBLE": str(file)}
        with file.open("r+b") as opened:
            self._orders = mmap.mmap(opened.fileno(), 0)

    def __getitem__(self, name: str) -> int:
        return int(struct.unpack_from("=q", self._orders, 8 * NAMES.index(name))[0])

    def __setitem__(self, name: str, value: int) -> None:
        struct.pack_into("=q", self._orders, 8 * NAMES.index(name), value)

    def fail(self, error: int, *, after: int = 0, times: int = 1 << 40) -> None:
        """So many writes succeed, then so many fail with *error*."""
        self["error"] = 0
        self["ok"], self["failing"] = after, times
        self["error"] = error

    def end(self) -> None:
        """All is well again, but for the clock."""
        self["error"] = 0
