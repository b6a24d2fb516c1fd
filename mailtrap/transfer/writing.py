"""What all writers have in common: a message is noted in the index behind it, and every so many are made certain."""

from __future__ import annotations

from contextlib import suppress
from typing import BinaryIO

from mailtrap.portable.record import Record
from mailtrap.transfer.index import Journal

FLUSH = 200
"""So many messages are written before the index says so."""


class Writer:
    """Writes messages somewhere, and notes each in a journal."""

    _journal: Journal

    def flush(self) -> None:
        """Say what is there."""
        self._journal.flush()

    def finish(self) -> None:
        """Say that it is whole."""
        self._journal.finish()

    def close(self) -> None:
        """Let go of the index."""
        self._journal.close()

    def _note(self, record: Record, **where: object) -> None:
        """A message is where *where* says."""
        self._journal.add(record, **where)
        if self._journal.waiting >= FLUSH:
            self.flush()


class FileWriter(Writer):
    """Writes messages one behind the other into one file."""

    _file: BinaryIO

    def flush(self) -> None:
        """Messages first, then what says that they are there."""
        self._file.flush()
        super().flush()

    def close(self) -> None:
        """Let go of the files."""
        with suppress(OSError):  # a full disk, of which somebody has heard by now
            self._file.close()
        super().close()
