"""Runs a session without sockets over a connection: reads, pulls its output, waits for slow peers, upgrades to TLS."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING

from mailtrap import tcp
from mailtrap.bus import Event
from mailtrap.engine import SLICE, Listener, Session, pull
from mailtrap.errors import MailtrapError

if TYPE_CHECKING:
    from mailtrap.server import Server

log = logging.getLogger(__name__)

INPUT = 1 << 18
"""While a session works, reading pauses when more octets than this wait for it."""

UNHEARD = 1 << 16
"""Octets said to a peer that is gone, after which what it asked for is given up."""

PACE = 1 << 10
"""Octets a second: whoever sends a long command faster than that may take longer than a short one may."""

BUG = "Internal error; the log of the sandbox has the details"


class Driver(asyncio.BufferedProtocol):
    """One connection and its session. What does not block is done in the callback that brings the input.

    Only where the session would block, its peer does not read, or its work takes longer than a moment, a task goes
    on with it: so an idle connection has none. All connections share one receive buffer.
    """

    __slots__ = (
        "_answering", "_began", "_busy", "_came", "_ended", "_farewell", "_gone", "_heard", "_in_tls", "_input",
        "_leaving", "_listener", "_loop", "_over", "_paused", "_server", "_task", "_tcp", "_told", "_unheard", "_work",
        "_writable", "place", "session", "transport", "untold",
    )  # fmt: skip

    session: Session
    transport: asyncio.Transport
    _tcp: asyncio.Transport

    def __init__(self, server: Server, listener: Listener) -> None:
        self.place: tuple[int | None, int | None] | None = (None, None)
        """The mailbox and project that the hub has it under; None while it looks at the session's own."""
        self.untold: tuple[Event, ...] = ()
        """Events that the hub has for it, and that it has not heard of yet."""
        self._server = server
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._work: Iterator[bytes] | None = None
        self._told: tuple[Iterator[bytes], ...] = ()
        self._input: bytes | bytearray = b""
        self._farewell = ""
        self._leaving = False
        self._ended = False
        """The peer says nothing more."""
        self._gone = False
        """Nor does it hear anything."""
        self._over = False
        """The session is over; the connection is closed as soon as the peer has read what was said."""
        self._unheard = 0
        self._busy = False
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._paused = False
        self._in_tls = listener.at_once
        self._heard = self._loop.time()
        self._answering = False
        self._began: float | None = None
        """When the command that the peer is in the middle of did begin, and how much of it came since."""
        self._came = 0

    # -- what the server asks for

    def begin(self) -> None:
        """Greet; on a port for TLS, when that is up."""
        if self._listener.at_once:
            self._busy = True
            self._take_time(self._begin_secured())
        else:
            self._work = self.session.greet()
            self._go_on()

    def catch_up(self) -> None:
        """Let the session hear of what is untold."""
        events, self.untold = self.untold, ()
        for event in events:
            self.notify(event)

    def notify(self, event: Event) -> None:
        """Let the session hear of *event*, and say what it has to say."""
        if self._over or self._gone:
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

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A session begins, or is turned away."""
        self._tcp = self.transport = transport  # type: ignore[assignment]  # asyncio has no narrower type for it
        peer, local = tcp.ends(transport)
        try:
            self.session = self._listener.make(peer=peer, local=local, tls=None)
        except Exception:
            log.exception("a session could not begin")
            self._over = True
            self.transport.abort()
        else:
            self._server.admit(self)

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Where asyncio puts what it reads, to be taken out of there at once."""
        return self._server.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """*nbytes* are in the buffer."""
        self._heard = self._loop.time()
        self._came += nbytes
        if self.untold:  # whatever it asks for now is answered with all that was committed
            self.catch_up()
        data = self._server.buffer[:nbytes]
        if not self._input:
            self._input = bytes(data)
        else:
            if isinstance(self._input, bytes):
                self._input = bytearray(self._input)
            self._input += data
        if self._busy and len(self._input) > INPUT and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._go_on()

    def eof_received(self) -> bool:
        """A half-close ends nothing: what has come is carried out and answered."""
        self._ended = True
        self._go_on()
        return not self._over and not self._in_tls  # TLS has no half-close

    def connection_lost(self, error: Exception | None) -> None:
        """As with a half-close, though nobody hears the answers. May be called twice, after a handshake."""
        if error is not None and not self._over:
            self.session.transcript.add("-", tcp.explained(error).encode())
        self._gone = self._ended = True
        self.resume_writing()
        if self._over:
            self._server.gone(self)
        else:
            self._go_on()

    def pause_writing(self) -> None:
        """The peer does not read what we write."""
        if self._writable is None:
            self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """It does again."""
        self._heard = self._loop.time()
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    # -- the work

    def _go_on(self) -> None:
        """Do what there is to do; what cannot be done at once, in a task."""
        if self._busy or self._over:
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
        while self._has_work():
            if self._writable is not None:
                await self._writable
            elif self._work is None:
                await self._secure()
            elif self.session.blocking:
                await self._advance_in_thread(self._work, self._server.threads)
            else:
                await asyncio.sleep(0)  # others have their turn
                self._advance(monotonic() + SLICE)
        self._task = None
        self._rest()

    def _has_work(self) -> bool:
        if self._unheard > UNHEARD:  # nobody hears us any more, and there is much left to say
            self._work, self._told, self._input, self._unheard = None, (), b"", 0
        if self._work is None:
            self._work = self._next_work()
        return self._work is not None or self._is_securing()

    def _next_work(self) -> Iterator[bytes] | None:
        if self.session.closing or self._is_securing():
            return None
        if self._told:
            work, *rest = self._told
            self._told = tuple(rest)
            return work
        if self._farewell and not self._leaving and self._began is None:
            self._leaving = True
            return self.session.dismiss(self._farewell)
        if self._input and not self._leaving:
            data, self._input = bytes(self._input), b""
            self._answering = True
            return self.session.receive(data)
        if self._ended and not self._leaving:
            self._leaving = True
            return self.session.eof()
        return None

    def _is_securing(self) -> bool:
        return self.session.starting_tls and not self._gone

    def _must_wait(self) -> bool:
        return self._writable is not None or self._work is None or self.session.blocking

    def _advance(self, until: float) -> None:
        out: list[bytes] = []
        try:
            done = self._work is None or pull(self._work, self.session, out, until)
        except Exception:
            self._broke()
        else:
            self._work = None if done else self._work
        self._say(out)

    async def _advance_in_thread(self, work: Iterator[bytes], threads: Executor) -> None:
        out: list[bytes] = []
        try:
            done = await self._loop.run_in_executor(threads, pull, work, self.session, out, None)
        except Exception:
            self._broke()
        else:
            self._work = None if done else work
        self._say(out)

    def _say(self, out: list[bytes]) -> None:
        octets = b"".join(out)
        if self.session.starting_tls and not self._paused:  # what is read from now on must be TLS
            self._paused = True
            self.transport.pause_reading()
        if self._is_deaf():
            self._unheard += len(octets)
        elif octets:
            self.transport.write(octets)

    def _is_deaf(self) -> bool:
        """Nobody hears what is said: the connection is closed, or half of it is, in TLS, which has no half-close."""
        return self._gone or self._tcp.is_closing() or (self._in_tls and self._ended)

    def _broke(self) -> None:
        """A bug of ours ends this session, politely if it can be, and no other."""
        log.exception("a session ended by a bug")
        self._work, self._told, self._input = None, (), b""
        self.session.blocking = self.session.starting_tls = False
        if self._leaving:
            self.session.closing = True
        self._farewell = BUG

    def _rest(self) -> None:
        """All is done for now."""
        self._busy = False
        if self._answering:
            self._answering = False
            self._heard = self._loop.time()
        if self.session.closing or self._leaving or self._gone:
            self._close()
            return
        self._server.hub.place(self)
        if self.session.wants_more:
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
        self.transport.close()
        if self._gone:
            self._server.gone(self)

    # -- TLS

    async def _begin_secured(self) -> None:
        await self._secure(self._early)
        if not self._gone:
            self._work = self.session.greet()
        await self._carry_on()

    async def _secure(self, early: Callable[[], bytes] = bytes) -> None:
        """Upgrade. What the peer sent behind its last plaintext command does not count (CVE-2011-0411)."""
        self._in_tls = True
        transcript = self.session.transcript
        if self._input and not self._listener.at_once:
            transcript.add("-", b"%d octets of plaintext behind the start of TLS were dropped" % len(self._input))
            self._input = b""
        try:
            tls, patience = self._listener.tls, self._server.command_timeout
            assert tls is not None, "a session began TLS at a port that has none"  # noqa: S101
            self.transport, version = await tcp.secure(self.transport, self, tls, patience, early)
        except Exception as error:
            if isinstance(error, MailtrapError):
                log.error("no TLS: %s", error)  # noqa: TRY400 - it says all
            elif not isinstance(error, OSError):
                log.exception("no TLS")
            transcript.add("-", b"no TLS: " + tcp.explained(error).encode())
            self.transport.abort()
            self._input, self._gone, self._ended = b"", True, True
        else:
            self._paused = False
            transcript.add("-", version.encode())
            self.session.starting_tls = False
            self.session.secured(version)

    def _early(self) -> bytes:
        """What came before TLS had begun on a port for nothing else."""
        if self._ended:  # and so did this, which nobody else will see
            self.transport.abort()
        octets, self._input = bytes(self._input), b""
        return octets
