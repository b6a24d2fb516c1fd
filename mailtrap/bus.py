"""What was committed, and how others hear of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailtrap.message.summary import Summary

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filed:
    """A message's new entry in one mailbox."""

    mailbox: int
    uid: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was committed. *modseq* is its place in the one order of the store."""

    project: int
    modseq: int


@dataclass(frozen=True, slots=True)
class Added(Event):
    """A message was stored. *octets* gives the message as it came in, for those that must look inside."""

    summary: Summary
    filed: tuple[Filed, ...]
    octets: Callable[[], bytes | bytearray]


@dataclass(frozen=True, slots=True)
class Changed(Event):
    """Flags, tags or pin of messages changed (``numbers``, ``ids``), or flags of entries (``mailbox``, ``uids``)."""

    numbers: tuple[int, ...] = ()
    mailbox: int | None = None
    uids: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Removed(Event):
    """Entries were taken out of one mailbox; the messages are still there."""

    mailbox: int
    uids: tuple[int, ...]
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Copied(Event):
    """Messages have new entries in one mailbox: they were copied or moved there (``ids[0]`` to ``uids[0]``)."""

    mailbox: int
    uids: tuple[int, ...]
    numbers: tuple[int, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deleted(Event):
    """Messages are gone everywhere. *why* is ``deleted`` or ``expired``."""

    ids: tuple[str, ...]
    numbers: tuple[int, ...]
    why: str
    entries: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Which UIDs went with them, by mailbox."""


@dataclass(frozen=True, slots=True)
class Emptied(Event):
    """Everything at or under the row number *floor* is gone from the project, pinned messages excepted."""

    floor: int


@dataclass(frozen=True, slots=True)
class ProjectDeleted(Event):
    """The project is gone with all that was in it, and nothing more happens there. What went is told before."""


@dataclass(frozen=True, slots=True)
class Refused(Event):
    """A transaction ended without a message: refused, aborted or broken off (*refusal* is its row number)."""

    refusal: int


Subscriber = Callable[[Event], None]


class Bus:
    """Tells every subscriber of every event, in the order of the commits, in the publishing thread.

    A subscriber must be quick and must not block: it notes the event and wakes whoever waits.
    """

    def __init__(self) -> None:
        self._subscribers: tuple[Subscriber, ...] = ()
        self._lock = threading.Lock()

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call *subscriber* with every event from now on; gives the function that ends it."""
        with self._lock:
            self._subscribers = (*self._subscribers, subscriber)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = tuple(each for each in self._subscribers if each is not subscriber)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tell everybody; one that fails is logged and keeps nobody else from hearing it."""
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception:
                log.exception("a subscriber failed on %r", event)
