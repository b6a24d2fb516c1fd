"""The work itself: message after message, from one side to the other."""

from __future__ import annotations

import base64
import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mailtrap.errors import AlreadyExists, MailtrapError, StoreUnavailable, TakenElsewhere
from mailtrap.portable.record import is_id
from mailtrap.transfer.items import Item, Reader, Writer
from mailtrap.transfer.stores import Listed, Messages, oldest_first

MOST = 512
OCTETS = 16 << 20
"""What is on its way at a time: the more, the more are committed together."""


@dataclass(slots=True)
class Count:
    """What became of the messages so far."""

    done: int = 0
    octets: int = 0
    skipped: int = 0
    failed: int = 0


class Watcher(Protocol):
    """Who is told how far it is."""

    count: Count

    def begin(self, units: int) -> None:
        """So much is to be done, of whatever it is."""

    def advance(self, units: int) -> None:
        """So much of it is done."""

    def fail(self, where: str, reason: str) -> None:
        """A message could not be taken."""


def bring_in(reader: Reader, messages: Messages, watcher: Watcher) -> None:
    """Import everything that *reader* finds. Raises `StoreUnavailable`; other failures are told."""
    under_way: deque[tuple[Item, int, Future[Any]]] = deque()
    octets = 0
    ids = _Ids()
    watcher.begin(reader.units)

    def settle() -> int:
        item, size, done = under_way.popleft()
        _settle(item, size, done, watcher)
        return size

    for item in reader.items():
        loaded = _load(item, watcher)
        if loaded is None:
            continue
        record = item.record if item.record.id else replace(item.record, id=ids.of(loaded))
        while under_way and (len(under_way) >= MOST or octets + len(loaded) > OCTETS):
            octets -= settle()
        under_way.append((item, len(loaded), messages.put(record, loaded)))
        octets += len(loaded)
    messages.flush()
    while under_way:
        settle()


def take_out(messages: Messages, query: str, writer: Writer, watcher: Watcher) -> None:
    """Export what *query* finds, and is not there yet."""
    total, found = oldest_first(messages, query)
    watcher.begin(total)
    for record, octets in messages.read(_wanted(found, writer, watcher)):
        if record.id not in writer.done:  # a list that has changed while it was read may have it twice
            writer.add(record, octets)
            watcher.count.done += 1
            watcher.count.octets += len(octets)
            watcher.advance(1)
    writer.finish()


class _Ids:
    """Ids of messages that have none: the same each time that the same are imported, so that can be gone on with.

    Of messages that are alike the first, the second ... has always the same.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def of(self, octets: bytes) -> str:
        """96 bits, as of a new one."""
        digest = _digest(octets, 0)
        number = self._seen[digest] = self._seen.get(digest, -1) + 1
        digest = _digest(octets, number) if number else digest
        return base64.urlsafe_b64encode(digest).decode("ascii")


def _digest(octets: bytes, number: int) -> bytes:
    return hashlib.blake2b(octets, digest_size=12, salt=number.to_bytes(8, "big"), person=b"mailtrap").digest()


def _load(item: Item, watcher: Watcher) -> bytes | None:
    try:
        return item.load()
    except (MailtrapError, OSError) as error:
        _fail(item, error, watcher)
        return None


def _settle(item: Item, size: int, done: Future[Any], watcher: Watcher) -> None:
    try:
        done.result()
    except TakenElsewhere as error:  # it is not there, and cannot be
        _fail(item, error, watcher)
        return
    except AlreadyExists:
        watcher.count.skipped += 1
    except StoreUnavailable:
        raise
    except MailtrapError as error:
        _fail(item, error, watcher)
        return
    else:
        watcher.count.done += 1
        watcher.count.octets += size
    watcher.advance(item.units)


def _fail(item: Item, error: Exception, watcher: Watcher) -> None:
    watcher.count.failed += 1
    watcher.fail(item.where, reason(error))
    watcher.advance(item.units)


def reason(error: Exception) -> str:
    """What went wrong, without the name of the file."""
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)


def _wanted(found: Iterator[Listed], writer: Writer, watcher: Watcher) -> Iterator[Listed]:
    for each in found:
        if each.id in writer.done:
            watcher.count.skipped += 1
            watcher.advance(1)
        elif not is_id(each.id):  # it would be the name of a file
            watcher.count.failed += 1
            watcher.fail(each.id, "that is no id that a message can have")
            watcher.advance(1)
        else:
            yield each
