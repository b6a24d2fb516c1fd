"""One connection of a session without sockets: octets in and out, peers and answers that are slow, TLS."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from mailtrap import tcp
from mailtrap.bus import Event
from mailtrap.engine import Listener, Session
from mailtrap.errors import MailtrapError
from mailtrap.loop import done, done_after
from mailtrap.pausing import Slow

if TYPE_CHECKING:
    from mailtrap.server import Server

log = logging.getLogger(__name__)

INPUT = 1 << 18
"""While a session works, reading pauses when more octets than this wait for it."""


class Connection(asyncio.BufferedProtocol):
    """What asyncio calls, and what is between that and the session. All connections share one receive buffer."""

    __slots__ = (
        "_busy", "_came", "_ended", "_farewell", "_gone", "_heard", "_in_tls", "_input", "_listener", "_loop", "_over",
        "_paused", "_pausing", "_server", "_slow", "_tcp", "_unheard", "_writable", "session", "transport",
        "untold",
    )  # fmt: skip

    session: Session
    transport: asyncio.Transport
    _tcp: asyncio.Transport

    def __init__(self, server: Server, listener: Listener) -> None:
        self.untold: tuple[Event, ...] = ()
        """Events that the hub has for it, and that it has not heard of yet."""
        self._server = server
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._input: bytes | bytearray = b""
        self._came = 0
        """Octets since the peer has begun its command."""
        self._heard = self._loop.time()
        self._busy = False
        self._farewell = ""
        self._ended = False
        """The peer says nothing more."""
        self._gone = False
        """Nor does it hear anything."""
        self._over = False
        """The session is over; the connection is closed as soon as the peer has read what was said."""
        self._unheard = 0
        self._writable: asyncio.Future[None] | None = None
        self._paused = False
        self._slow: Slow | None = None
        """What is still to be said, at a pace."""
        self._pausing: asyncio.Future[None] | None = None
        """A pause goes on until this is done, or the time for it is over."""
        self._in_tls = listener.at_once

    def catch_up(self) -> None:
        """Let the session hear of what was committed."""
        raise NotImplementedError

    def _go_on(self) -> None:
        """Do what there is to do."""
        raise NotImplementedError

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
            self._server.admit(self)  # type: ignore[arg-type]  # it is a driver: nothing else is made

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Where asyncio puts what it reads, to be taken out of there at once."""
        return self._server.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """*nbytes* are in the buffer."""
        if self.session.hanging:  # it is read, though not heard: else nobody would notice that the peer goes
            return
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
            self._server.gone(self)  # type: ignore[arg-type]  # as above
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
        if writable is not None:
            done(writable)

    # -- output

    def _say(self, out: list[bytes], pace: float) -> None:
        octets = b"".join(out)
        if self.session.starting_tls and not self._paused:  # what is read from now on must be TLS
            self._paused = True
            self.transport.pause_reading()
        if pace and octets:
            self._slow = Slow(octets, pace)
        else:
            self._write(octets)

    def _write(self, octets: bytes) -> None:
        if self._is_deaf():
            self._unheard += len(octets)
        elif octets:
            self.transport.write(octets)

    def _is_deaf(self) -> bool:
        """Nobody hears what is said: the connection is closed, or half of it is, in TLS, which has no half-close."""
        return self._gone or self._tcp.is_closing() or (self._in_tls and self._ended) or self._awaits_tls()

    def _awaits_tls(self) -> bool:
        """Nothing is said, and nothing is meant for the session, before TLS is up."""
        return self._in_tls and self.transport is self._tcp

    def _is_hurried(self) -> bool:
        """Nobody is to be kept waiting: the peer is gone, or the session has to come to its end."""
        return self._ended or bool(self._farewell)

    async def _pause(self) -> None:
        """Make the pause that the session wants, or say a portion of what is said slowly, and make one after that."""
        if self._slow is not None:
            portion, seconds = self._slow.all() if self._is_hurried() else self._slow.portion()
            self._slow = self._slow if self._slow.left else None
            self._write(portion)
        else:
            seconds, self.session.pause = self.session.pause, 0.0
        if not self._is_hurried():
            self._pausing = self._loop.create_future()
            cancel = done_after(seconds, self._server.clock, self._pausing)
            await self._pausing
            self._pausing = None
            cancel()

    def _hurry(self) -> None:
        """Make no more pauses, if there is a reason for that."""
        if self._pausing is not None and self._is_hurried():
            done(self._pausing)

    # -- TLS

    async def _secure(self, early: Callable[[], bytes] = bytes) -> None:
        """Upgrade. What the peer sent behind its last plaintext command does not count (CVE-2011-0411)."""
        self._in_tls = True
        session, transcript = self.session, self.session.transcript
        if self._input and not self._listener.at_once:
            transcript.add("-", b"%d octets of plaintext behind the start of TLS were dropped" % len(self._input))
            self._input = b""
        try:
            tls, patience = self._listener.tls, self._server.command_timeout
            assert tls is not None, "a session began TLS at a port that has none"  # noqa: S101
            secure = tcp.secure(self.transport, self, tls, patience, early, wrong=session.certificate)
            self.transport, version = await secure
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
            session.starting_tls = False
            session.secured(version)

    def _early(self) -> bytes:
        """What came before TLS had begun on a port for nothing else."""
        if self._ended:  # and so did this, which nobody else will see
            self.transport.abort()
        octets, self._input = bytes(self._input), b""
        return octets
