"""Runs a session without sockets over a connection: reads, pulls its output, waits for slow peers, upgrades to TLS."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from concurrent.futures import Executor
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING

from mailtrap import tcp
from mailtrap.bus import Event, ProjectDeleted
from mailtrap.connection import Connection
from mailtrap.engine import PROJECT_DELETED, SLICE, Listener, pull

if TYPE_CHECKING:
    from mailtrap.server import Server

log = logging.getLogger(__name__)

UNHEARD = 1 << 16
"""Octets said to a peer that is gone, after which what it asked for is given up."""

PACE = 1 << 10
"""Octets a second: whoever sends a long command faster than that may take longer than a short one may."""

BUG = "Internal error; the log of the sandbox has the details"


class Driver(Connection):
    """One connection and its session. What does not block is done in the callback that brings the input.

    Only where the session would block or pause, its peer does not read, or its work takes longer than a moment, a
    task goes on with it: so an idle connection has none.
    """

    __slots__ = ("_answering", "_began", "_leaving", "_task", "_told", "_work", "place")

    def __init__(self, server: Server, listener: Listener) -> None:
        super().__init__(server, listener)
        self.place: tuple[int | None, int | None] | None = (None, None)
        """The mailbox and project that the hub has it under; None while it looks at the session's own."""
        self._work: Iterator[bytes] | None = None
        self._told: tuple[Iterator[bytes], ...] = ()
        self._leaving = False
        self._task: asyncio.Task[None] | None = None
        self._answering = False
        self._began: float | None = None
        """When the command that the peer is in the middle of did begin."""

    # -- what the server asks for

    def begin(self) -> None:
        """Greet; on a port for TLS, when that is up."""
        if self._listener.at_once:
            self._busy = True
            self._take_time(self._begin_secured())
        else:
            self._work = self._begun()
            self._go_on()

    def catch_up(self) -> None:
        """Let the session hear of what is untold."""
        events, self.untold = self.untold, ()
        for event in events:
            self.notify(event)

    def notify(self, event: Event) -> None:
        """Let the session hear of *event*, and say what it has to say; it ends with its project, hanging or not."""
        if isinstance(event, ProjectDeleted):
            self.dismiss(PROJECT_DELETED, patiently=True)
            return
        if self._over or self._gone or self.session.hanging:
            return
        try:
            told = self.session.notify(event)
            first = next(told, None)
        except Exception:
            self._broke()
        else:
            if first is None:
                return
            self._told += (chain((first,), told),)
        self._go_on()

    def dismiss(self, text: str, *, patiently: bool = False) -> None:
        """Have the peer told *text* and the connection closed, when what was asked for is done.

        *patiently*: also when it has finished the command that it is in the middle of, or has read what was said.
        """
        self._farewell = text
        if not patiently:
            self._began = None
            if self._over or self._writable is not None:
                self.transport.abort()
        self._go_on()

    def turn_away(self, text: str) -> None:
        """Close a new connection, telling why where that can be done in plaintext."""
        self._farewell = text
        if self._listener.at_once:
            self._gone = self._ended = True
            self.session.transcript.add("-", b"closed before TLS")
        self._go_on()

    def look_after(self, now: float, patience: float) -> None:
        """End the connection if the peer is silent for too long, or too slow: *patience* is for half a command."""
        silence = now - self._heard
        if self._over:
            if silence > patience:
                self.transport.abort()
        elif self._writable is not None:
            if silence > self.session.idle_limit:
                self.transport.abort()
        elif self._busy:
            pass
        elif self._began is not None:
            if silence > patience or now - self._began > patience + self._came / PACE:
                self.dismiss("Timeout in the middle of a command")
        elif silence > self.session.idle_limit:
            self.dismiss("Idle for too long")

    # -- the work

    def _go_on(self) -> None:
        """Do what there is to do; what cannot be done at once, in a task."""
        if self._busy or self._over:
            self._hurry()
            return
        self._busy = True
        until = monotonic() + SLICE
        while self._has_work():
            if self._must_wait() or monotonic() >= until:
                self._take_time(self._carry_on())
                return
            self._advance(until)
        self._rest()

    def _take_time(self, work: Coroutine[object, object, None]) -> None:
        self._server.hub.moving(self)
        self._task = self._loop.create_task(work)

    async def _carry_on(self) -> None:
        await self._work_off()
        self._task = None
        self._rest()

    async def _work_off(self) -> None:
        while self._has_work():
            if self._writable is not None:
                await self._writable
            elif self._slow is not None or self.session.pause:
                await self._pause()
            elif self._work is None:
                await self._secure()
            elif self.session.blocking:
                await self._advance_in_thread(self._work, self._server.threads)
            else:
                await asyncio.sleep(0)  # others have their turn
                self._advance(monotonic() + SLICE)

    def _has_work(self) -> bool:
        if self._unheard > UNHEARD:  # nobody hears us any more, and there is much left to say
            self._work, self._told, self._input, self._unheard = None, (), b"", 0
        if self._work is None:
            self._work = self._next_work()
        return self._work is not None or self._slow is not None or self._is_securing()

    def _next_work(self) -> Iterator[bytes] | None:
        session = self.session
        if session.closing or session.hanging or self._is_securing() or self._awaits_tls():
            return None
        if self._told:
            work, *rest = self._told
            self._told = tuple(rest)
            return work
        if self._farewell and not self._leaving and self._began is None:
            self._leaving = True
            return session.dismiss(self._farewell)
        if self._input and not self._leaving:
            data, self._input = bytes(self._input), b""
            self._answering = True
            return session.receive(data)
        if self._ended and not self._leaving:
            self._leaving = True
            return session.eof()
        return None

    def _is_securing(self) -> bool:
        return self.session.starting_tls and not self._gone

    def _must_wait(self) -> bool:
        session = self.session
        stopped = self._writable is not None or self._work is None or self._slow is not None
        return stopped or session.blocking or session.pause > 0

    def _advance(self, until: float) -> None:
        out: list[bytes] = []
        pace = self.session.pace
        try:
            done = self._work is None or pull(self._work, self.session, out, until)
        except Exception:
            self._broke()
        else:
            self._work = None if done else self._work
        self._say(out, pace)

    async def _advance_in_thread(self, work: Iterator[bytes], threads: Executor) -> None:
        out: list[bytes] = []
        pace = self.session.pace
        try:
            done = await self._loop.run_in_executor(threads, pull, work, self.session, out, None)
        except Exception:
            self._broke()
        else:
            self._work = None if done else work
        self._say(out, pace)

    def _broke(self) -> None:
        """A bug of ours ends this session, politely if it can be, and no other."""
        log.exception("a session ended by a bug")
        self._work, self._told, self._input = None, (), b""
        self.session.blocking = self.session.starting_tls = False
        self.session.pause = 0.0
        if self._leaving:
            self.session.closing = True
        self._farewell = BUG

    def _rest(self) -> None:
        """All is done for now."""
        self._busy = False
        if self._answering:
            self._answering = False
            self._heard = self._loop.time()
        hanging = self.session.hanging
        if self.session.closing or self._leaving or self._gone or (hanging and self._is_hurried()):
            self._close()
            return
        self._server.hub.place(self)
        if hanging:
            self._input = b""
        if self.session.wants_more and not hanging:
            self._began = self._heard if self._began is None else self._began
            tcp.acknowledge(self.transport)
        else:
            self._began, self._came = None, 0
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
        if self._farewell and self._began is None:
            self._go_on()

    def _close(self) -> None:
        self._over = True
        self._server.hub.forget(self)
        try:
            self.session.ended()
        except Exception:
            log.exception("a session did not end well")
        self._server.dismissed(self)
        if self.session.dropping:
            tcp.drop(self._tcp, reset=self.session.dropping == "reset")
        else:
            self.transport.close()
        if self._gone:
            self._server.gone(self)

    # -- the beginning

    def _begun(self) -> Iterator[bytes]:
        yield from self.session.connected(at_once=False)
        if not (self.session.closing or self.session.hanging):
            yield from self.session.greet()

    async def _begin_secured(self) -> None:
        self._work = self.session.connected(at_once=True)
        await self._work_off()
        if not (self.session.closing or self.session.hanging):
            await self._secure(self._early)
            if not self._gone:
                self._work = self.session.greet()
        await self._carry_on()
