"""What a place with messages gives: one message after the other, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from mailtrap.errors import MailtrapError
from mailtrap.portable.record import Record


class Unusable(MailtrapError):
    """A file cannot be read, or not be written, as what it should be."""


UNKNOWN = Record()


@dataclass(frozen=True, slots=True)
class Item:
    """A message that was found. *load* gives its octets; it raises `Unusable` or `OSError`."""

    where: str
    load: Callable[[], bytes]
    record: Record = UNKNOWN
    """What is known of it: by the index, or by its name."""
    units: int = 1
    """By how much the work is further when it is done."""


class Reader(Protocol):
    """A place to import from."""

    units: int
    """How much there is to do: messages, or octets."""
    warnings: list[str]
    """What is to be said at the end; complete only then."""

    def items(self) -> Iterator[Item]:
        """Every message, in the order in which they are to be imported."""


class Writer(Protocol):
    """A place to export to; what is there already is gone on with."""

    done: set[str]
    """The ids of the messages that are there."""

    def add(self, record: Record, octets: bytes) -> None:
        """Write a message behind those that are there."""

    def flush(self) -> None:
        """Make sure that what was added will be gone on behind, whatever happens to this process."""

    def finish(self) -> None:
        """All is written: make it whole."""

    def close(self) -> None:
        """Let go of the files, finished or not; what is not can be gone on with."""


def too_large(limit: int) -> Unusable:
    """Why a message is not imported."""
    return Unusable(f"it is larger than {limit:,} octets (see --size-limit)")


def failing(error: Exception) -> Callable[[], bytes]:
    """The *load* of a message that cannot be read."""

    def load() -> bytes:
        raise error

    return load
