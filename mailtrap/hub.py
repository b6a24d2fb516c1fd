"""Who hears of what was committed: the connections whose mailbox or project it concerns, and nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from mailtrap.bus import Added, Bus, Changed, Copied, Deleted, Emptied, Event, ProjectDeleted, Removed
from mailtrap.engine import SLICE

if TYPE_CHECKING:
    from mailtrap.driver import Driver


class Hub:
    """One subscription for all connections of a server. Made and used in the loop; events may come from any thread."""

    def __init__(self, bus: Bus) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._of_mailbox: dict[int, set[Driver]] = {}
        self._of_project: dict[int, set[Driver]] = {}
        self._moving: set[Driver] = set()
        self._behind: deque[Driver] = deque()
        self._catching_up = False
        self._deleted: dict[int, ProjectDeleted] = {}
        self.close: Callable[[], None] = bus.subscribe(self._hear)
        """Hear nothing more."""

    def place(self, driver: Driver) -> None:
        """*driver* rests where its session says."""
        if driver.place == (driver.session.mailbox, driver.session.project):
            return
        self._take_out(driver)
        driver.place = mailbox, project = driver.session.mailbox, driver.session.project
        if mailbox is not None:
            self._of_mailbox.setdefault(mailbox, set()).add(driver)
        if project is not None:
            self._of_project.setdefault(project, set()).add(driver)
            if project in self._deleted:  # while it was logging in
                self._loop.call_soon(driver.notify, self._deleted[project])

    def moving(self, driver: Driver) -> None:
        """*driver*'s session may go elsewhere at any moment: look there with every event, until it is placed.

        A session says that it is in a mailbox before it looks at what is in there. So whatever is committed after
        that look finds it there, even though it is not placed yet.
        """
        driver.catch_up()
        self._take_out(driver)
        driver.place = None
        self._moving.add(driver)

    def forget(self, driver: Driver) -> None:
        """*driver* hears nothing more."""
        self._take_out(driver)
        driver.place = (None, None)

    def _take_out(self, driver: Driver) -> None:
        if driver.place is None:
            self._moving.discard(driver)
            return
        for drivers, key in zip((self._of_mailbox, self._of_project), driver.place, strict=True):
            if key is not None:
                drivers[key].discard(driver)
                if not drivers[key]:
                    del drivers[key]

    def _hear(self, event: Event) -> None:
        if threading.get_ident() == self._thread:
            self._tell(event)
        else:
            with suppress(RuntimeError):  # the loop is closed: nobody is there
                self._loop.call_soon_threadsafe(self._tell, event)

    def _tell(self, event: Event) -> None:
        changed = mailboxes(event)
        if isinstance(event, ProjectDeleted):
            self._deleted[event.project] = event
        everybody_in = event.project if isinstance(event, Emptied | ProjectDeleted) else None
        concerned = set(self._of_project.get(everybody_in, ())) if everybody_in is not None else set()
        for mailbox in changed:
            concerned |= self._of_mailbox.get(mailbox, set())
        for driver in [each for each in self._moving if _is_among(each, changed, everybody_in)]:
            driver.notify(event)
        for driver in concerned:
            driver.untold += (event,)
        self._behind += concerned
        if not self._catching_up:
            self._catch_up()

    def _catch_up(self) -> None:
        """Tell as many as a moment allows, and the rest in the next: a thousand must not keep all others waiting."""
        until = monotonic() + SLICE
        while self._behind and monotonic() < until:
            self._behind.popleft().catch_up()
        self._catching_up = bool(self._behind)
        if self._catching_up:
            self._loop.call_soon(self._catch_up)


def mailboxes(event: Event) -> Collection[int]:
    """The mailboxes that *event* changes something in."""
    match event:
        case Added():
            return [each.mailbox for each in event.filed]
        case Removed() | Copied():
            return (event.mailbox,)
        case Changed(mailbox=int(mailbox)):
            return (mailbox,)
        case Deleted():
            return event.entries
    return ()


def _is_among(driver: Driver, changed: Collection[int], everybody_in: int | None) -> bool:
    mailbox, project = driver.session.mailbox, driver.session.project
    return (mailbox is not None and mailbox in changed) or (everybody_in is not None and project == everybody_in)
