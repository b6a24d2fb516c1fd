"""One connection: octets in as lines and data, replies out in groups, and the ways in which it can end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn

from mailtrap import tcp
from mailtrap.lines import Lines
from mailtrap.loop import done, done_after, settled
from mailtrap.smtp import pacing
from mailtrap.smtp.data import Data
from mailtrap.transcript import Transcript

if TYPE_CHECKING:
    from mailtrap.faults import Drop
    from mailtrap.pausing import Wrong
    from mailtrap.smtp.server import Factory, Limits

log = logging.getLogger(__name__)


class Port(NamedTuple):
    """What the connections to one port have in common: clients may begin TLS, or must before anything else."""

    starttls: bool = False
    at_once: bool = False
    lmtp: bool = False
    """LMTP is spoken there (RFC 2033)."""

    @property
    def protocol(self) -> Literal["smtp", "lmtp"]:
        """What is spoken there."""
        return "lmtp" if self.lmtp else "smtp"


class Over(Exception):
    """The peer is gone or was told to go: nothing more will come."""


class Connection(asyncio.BufferedProtocol):
    """A peer.

    All connections share one receive buffer, since each is emptied at once. Replies are held until nothing is left
    to answer, so that a pipelined group is answered in one write, and until what they tell of is on record.
    """

    transport: asyncio.Transport
    _tcp: asyncio.Transport

    def __init__(self, factory: Factory, port: Port) -> None:
        self.factory: Factory = factory
        self.port: Port = port
        self.faults = factory.faults
        self.limits: Limits = factory.limits
        self.loop = asyncio.get_running_loop()
        self.tls: str | None = None
        self.farewell = ""
        """What the peer was told when it was dismissed."""
        self.pace = 0
        """Octets a second that a fault lets out; 0 is as fast as it goes."""
        self.wrong: Wrong = ""
        """What a fault has be wrong with the certificate."""
        self.breaks_off: Drop | None = None
        """How a fault has the TLS handshake end."""
        self._lines = Lines(self.limits.line_limit)
        self._data: Data | None = None
        self._replies: list[bytes] = []
        self._held_for: list[Future[Any]] = []
        self._ended = False
        self._in_tls = port.at_once
        self._input: asyncio.Future[None] | None = None
        self._is_enough: Callable[[], bool] = self._lines.ready
        self._writable: asyncio.Future[None] | None = None
        self._pause: asyncio.Future[None] | None = None
        self._hangs = False
        self._buffer = factory.buffer
        self._heard = self.loop.time()
        self._line_began: float | None = None

    # -- what the session uses

    async def read_line(self, *, in_exchange: bool = False) -> bytes:
        """The next line without its end; raises `LineTooLong` in its place, and `Over`. See `Lines.take`."""
        await self._until(self._lines.ready)
        self._line_began = None
        return self._lines.take(in_exchange=in_exchange)

    async def read_data(self, data: Data, measure: pacing.Measure | None = None) -> None:
        """Fill *data* up to the end of the data, as *measure* has it; raises `Over` if that never comes."""
        if measure is not None:
            await pacing.read(self, data, measure)
            return
        rest = data.feed(self._lines.take_all())
        if rest is None:
            self._data = data
            await self._until(lambda: self._data is None)
        else:
            self._lines.feed(rest)

    async def read_some(self, most: int) -> bytes:
        """What came next, whatever it is: one octet at least; raises `Over`."""
        await self._until(lambda: len(self._lines) > 0)
        octets = self._lines.take_all()
        self.put_back(octets[most:])
        return octets[:most]

    def put_back(self, octets: bytes) -> None:
        """These were read too far: they come before what comes next."""
        self._lines.feed(octets + self._lines.take_all())

    @contextmanager
    def taking_in(self, octets: int) -> Iterator[None]:
        """For the time of the block, take in no more than so many ahead of what is read."""
        self._buffer = self.factory.buffer[:octets]
        try:
            yield
        finally:
            self._buffer = self.factory.buffer

    async def push(self, answer: str) -> None:
        """Answer; it goes out with the next `flush`, at the latest when there is nothing left to answer."""
        self._replies.append(self.worded(answer).encode("utf-8", "surrogateescape") + b"\r\n")

    def worded(self, answer: str) -> str:
        """*answer* as it is given."""
        return answer

    def hold_replies_for(self, work: Future[Any]) -> None:
        """Let no reply out before *work* is done."""
        self._held_for.append(work)

    async def flush(self) -> None:
        """Send what was answered, in one write; waits while the peer does not read."""
        for work in self._held_for:
            try:
                await settled(work)
            except Exception as error:  # the reply is true all the same
                log.warning("a refusal could not be recorded: %s", error)
        self._held_for.clear()
        if self._replies:
            octets = b"".join(self._replies)
            self._replies.clear()
            if self._is_deaf():
                self.transcript.add("-", b"not heard any more: " + octets)
            else:
                self.transcript.add("S", octets)
                if self.pace:
                    await pacing.write(self, octets, self.pace)
                else:
                    self.transport.write(octets)
        if self._writable is not None:
            await self._writable

    def _is_deaf(self) -> bool:
        """Nobody hears what is said: the connection is closed, or half of it is, in TLS, which has no half-close.

        Nor does anybody before TLS is up.
        """
        return self._tcp.is_closing() or (self._in_tls and (self._ended or self._is_before_tls()))

    def _is_before_tls(self) -> bool:
        return self._in_tls and self.transport is self._tcp

    async def start_tls(self, answer: str) -> None:
        """Say *answer*, and speak TLS from then on; raises `Over` if that comes to nothing.

        What the client sent behind its last command in plaintext does not count (CVE-2011-0411).
        """
        self.transport.pause_reading()
        await self.push(answer)
        await self.flush()
        injected = self._lines.take_all()
        if injected:
            self.transcript.add("-", b"%d octets of plaintext behind STARTTLS were dropped" % len(injected))
        await self.secure()

    async def secure(self, early: Callable[[], bytes] = bytes) -> None:
        """Speak TLS, of which *early* gives what has come already; raises `Over` if that comes to nothing."""
        self._in_tls = True
        if self.breaks_off is not None:
            await self.read_some(0)  # its first words
            await self.drop(reset=self.breaks_off.reset)
        try:
            self.transport, self.tls = await tcp.secure(
                self.transport, self, self.factory.tls, self.limits.line, early, self.wrong
            )
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("no TLS")
            self.transcript.add("-", b"no TLS: " + tcp.explained(error).encode())
            self._ended = True
            self.transport.abort()
            raise Over from None
        self.transcript.add("-", self.tls.encode())

    def early(self) -> bytes:
        """What came before TLS began."""
        if self._ended:
            self.transport.abort()
        return self._lines.take_all()

    # -- what faults do to it

    async def wait(self, seconds: float) -> None:
        """Let so much time pass, by the sandbox's clock; none with a peer that is gone or a server that stops."""
        if self._ended or self.farewell or self.factory.stopping:
            return
        self._pause = self.loop.create_future()
        cancel = done_after(seconds, self.factory.clock, self._pause)
        try:
            await self._pause
        finally:
            cancel()
            self._pause = None
            self._heard = self.loop.time()  # the peer had no turn to say anything

    async def hang(self) -> NoReturn:
        """Say and carry out nothing more, until the peer is gone or was silent for too long, or the server stops."""
        await self.flush()
        if not (self._ended or self.farewell or self.factory.stopping):
            self._hangs, self._pause = True, self.loop.create_future()
            await self._pause
        self.farewell = ""  # not even that is said
        tcp.drop(self._tcp, reset=False)
        raise Over

    async def drop(self, *, reset: bool) -> NoReturn:
        """End the connection without a word, in TLS without taking leave; with *reset* by a TCP RST."""
        await self.flush()
        tcp.drop(self._tcp, reset=reset)
        raise Over

    def hurry(self) -> None:
        """Have nobody wait for what a fault delays."""
        if self._pause is not None:
            done(self._pause)

    # -- how others end it

    def dismiss(self, farewell: str) -> None:
        """Have the peer told *farewell* and the connection closed, as soon as all we do is wait for the peer."""
        if self._writable is not None or self._is_before_tls():  # it does not even read, or would not hear it
            self.transport.abort()
        self.farewell = farewell
        self._wake()
        self.hurry()

    def is_late(self, now: float) -> bool:
        """Whether we wait for a peer that was silent for too long, or takes too long to finish a line."""
        if self._input is None and self._writable is None and not self._hangs:
            return False
        if self._line_began is not None and now - self._line_began > self.limits.line:
            return True
        return now - self._heard > self.limits.idle

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The peer is there."""
        self._tcp = self.transport = transport  # type: ignore[assignment]  # asyncio has no narrower type for it
        self.transcript = Transcript(self.port.protocol, *tcp.ends(transport))

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Where asyncio puts what it reads, to be taken out of there at once."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """*nbytes* are in the buffer."""
        self.data_received(bytes(self.factory.buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """*data* came in."""
        self._heard = self.loop.time()
        if self._data is not None:
            rest = self._data.feed(data)
            if rest is None:
                tcp.acknowledge(self.transport)
                return
            self._data, data = None, rest
        self._lines.feed(data)
        if self._input is None:
            if len(self._lines) > len(self._buffer):
                self.transport.pause_reading()
        elif self._is_enough():
            self._wake()
        elif self._line_began is None:
            self._line_began = self._heard

    def eof_received(self) -> bool:
        """A half-close ends nothing: what has come is carried out to its end, and answered."""
        self._ended = True
        self._wake()
        self.hurry()
        return not self._in_tls  # TLS has no half-close

    def connection_lost(self, error: Exception | None) -> None:
        """As with a half-close, though nobody hears the answers."""
        if error is not None and not self._ended:
            self.transcript.add("-", tcp.explained(error).encode())
        self._ended = True
        self._wake()
        self.hurry()
        self.resume_writing()

    def pause_writing(self) -> None:
        """The peer does not read what we write."""
        if self._writable is None:
            self._writable = self.loop.create_future()

    def resume_writing(self) -> None:
        """It does again."""
        writable, self._writable = self._writable, None
        if writable is not None:
            done(writable)

    # -- waiting

    async def _until(self, is_enough: Callable[[], bool]) -> None:
        if is_enough():  # more of a group is here: no reply goes out yet
            return
        if self._replies or self._writable is not None:
            await self.flush()
        while not is_enough():
            if self._ended or self.farewell:
                raise Over
            if self._line_began is None and len(self._lines):
                self._line_began = self._heard
            self.transport.resume_reading()
            self._is_enough, self._input = is_enough, self.loop.create_future()
            try:
                await self._input
            finally:
                self._input = None

    def _wake(self) -> None:
        if self._input is not None:
            done(self._input)
