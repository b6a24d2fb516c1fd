"""A server of a protocol whose sessions know no sockets: its limits, and its connections from first to last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from mailtrap.clock import Clock
from mailtrap.driver import Driver
from mailtrap.engine import Listener, Make
from mailtrap.hub import Hub
from mailtrap.store import Store
from mailtrap.tcp import BUFFER
from mailtrap.transcript import Transcript

if TYPE_CHECKING:
    from mailtrap.tls import Tls

log = logging.getLogger(__name__)

THREADS = 4
"""So many sessions may search or write at the same time, each in a thread."""

LAST_WORDS = 0.2
"""Seconds that a peer has, at the end, to read what it was told and to take leave."""

STOPPING = "The server is stopping"
FULL = "Too many connections"


class Server:
    """All connections of one protocol, at however many ports: its limits hold for all of them together.

    Made in the loop that it serves in.
    """

    def __init__(
        self,
        *,
        store: Store,
        hub: Hub,
        clock: Clock | None = None,
        connections: int = 2000,
        command_timeout: float = 30.0,
    ) -> None:
        """*command_timeout*: how many seconds a client may take to finish a command it has begun."""
        self.hub = hub
        self.clock = clock or Clock()
        """By which sessions make pauses."""
        self.buffer = memoryview(bytearray(BUFFER))
        self.threads = ThreadPoolExecutor(THREADS, "mailtrap-session")
        self.command_timeout = command_timeout
        self._store = store
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._drivers: set[Driver] = set()
        """Every connection, until it is closed."""
        self._live: set[Driver] = set()
        """Those whose sessions are not over."""
        self._patrol: asyncio.TimerHandle | None = None
        self._stopping = False
        self._changed = asyncio.Event()

    def listener(self, make: Make, tls: Tls | None = None, *, at_once: bool = False) -> Callable[[], Driver]:
        """What ``loop.create_server`` calls for every connection to a port: *make* makes its session.

        *tls* is for sessions that offer to begin it, or, *at_once*, for a port that speaks nothing else.
        """
        listener = Listener(make, tls, at_once)
        return lambda: Driver(self, listener)

    def admit(self, driver: Driver) -> None:
        """Let a connection begin, or turn it away."""
        self._tell(self._store.open_session, driver)
        if self._stopping:
            driver.turn_away(STOPPING)
        elif len(self._drivers) >= self._connections:
            driver.turn_away(FULL)
        else:
            self._drivers.add(driver)
            self._live.add(driver)
            if self._patrol is None:
                self._look_after()
            driver.begin()

    def dismissed(self, driver: Driver) -> None:
        """The session of a connection is over."""
        self._live.discard(driver)
        self._tell(self._store.close_session, driver)
        self._changed.set()

    def gone(self, driver: Driver) -> None:
        """A connection is closed."""
        self._drivers.discard(driver)
        self._changed.set()

    async def shutdown(self, grace: float = 10.0) -> None:
        """Let everybody finish what is under way, for *grace* seconds at most, and dismiss them."""
        self._stopping = True
        for patience, patiently in ((grace, True), (1.0, False)):
            for driver in tuple(self._drivers):
                driver.dismiss(STOPPING, patiently=patiently)
            await self._until_none_of(self._live, patience)
        await self._until_none_of(self._drivers, LAST_WORDS)
        for driver in tuple(self._drivers):
            driver.transport.abort()
        await self._until_none_of(self._drivers, 1.0)
        if self._patrol is not None:
            self._patrol.cancel()
        self.threads.shutdown(wait=False)

    async def _until_none_of(self, drivers: set[Driver], patience: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while drivers:
                    self._changed.clear()
                    await self._changed.wait()

    def _tell(self, what: Callable[[Transcript], None], driver: Driver) -> None:
        try:
            what(driver.session.transcript)
        except Exception as error:  # no reason to turn anybody away
            log.warning("a transcript could not be kept: %s", error)

    def _look_after(self) -> None:
        """End what is late; again and again, while there are connections: one timer for all of them."""
        now = self._loop.time()
        for driver in tuple(self._drivers):
            driver.look_after(now, self.command_timeout)
        pause = min(5.0, self.command_timeout / 4)
        self._patrol = self._loop.call_later(pause, self._look_after) if self._drivers else None
