"""Conversations with a protocol of ours: without sockets or over TCP."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Protocol

import pytest

from mailtrap.bus import Bus, Event, ProjectDeleted
from mailtrap.engine import PROJECT_DELETED
from mailtrap.loop import Loop
from mailtrap.store import Store

PATIENCE = 20.0
"""Seconds after which a server that does not answer has failed the test."""

Factory = Callable[[], asyncio.BaseProtocol]


class Conversation:
    """The client's end: send octets, read lines."""

    patience = PATIENCE

    def __init__(self) -> None:
        self.received = bytearray()
        self.closed = False
        self._changed = threading.Condition()

    def send(self, octets: bytes, piece: int | None = None) -> None:
        """Send *octets*, whole or in pieces of so many."""
        for start in range(0, len(octets), piece or len(octets) or 1):
            self._send(octets[start : start + (piece or len(octets))])

    def line(self) -> bytes | None:
        """The next line without its CRLF, waiting for it; None once the server has closed."""
        with self._changed:
            answered = self._changed.wait_for(lambda: b"\r\n" in self.received or self.closed, self.patience)
            assert answered, f"no line came, only {bytes(self.received)!r}"
            if b"\r\n" not in self.received:
                assert not self.received, "the last line has no end"
                return None
            line, _, rest = bytes(self.received).partition(b"\r\n")
            self.received[:] = rest
            return line

    def rest(self) -> list[bytes]:
        """All lines up to the server's closing."""
        return list(iter(self.line, None))

    def reply(self) -> bytes:
        """The next reply of SMTP, its lines joined by CRLF."""
        lines = [self.line() or b""]
        while lines[-1][3:4] == b"-":
            lines.append(self.line() or b"")
        return b"\r\n".join(lines)

    def ask(self, line: bytes) -> bytes:
        """The reply to one command of SMTP."""
        self.send(line + b"\r\n")
        return self.reply()

    def end(self) -> None:
        """Send nothing more, and go on reading."""
        raise NotImplementedError

    def hang_up(self) -> None:
        """Be gone."""
        raise NotImplementedError

    def _send(self, octets: bytes) -> None:
        raise NotImplementedError

    def _note(self, octets: bytes = b"", *, closed: bool = False) -> None:
        with self._changed:
            self.received += octets
            self.closed = self.closed or closed
            self._changed.notify_all()


class InMemory(Conversation, asyncio.Transport):
    """Without sockets: the transport that the protocol sees, run in *loop*."""

    def __init__(self, loop: Loop, factory: Factory) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self._loop = loop
        self._closing = False
        loop.run(self._connect(factory))

    async def _connect(self, factory: Factory) -> None:
        self._protocol: Any = factory()
        self._protocol.connection_made(self)

    def _send(self, octets: bytes) -> None:
        self._loop.call(lambda: self._deliver(octets))

    def _deliver(self, octets: bytes) -> None:
        while octets and not self._closing:
            buffer = self._protocol.get_buffer(-1)
            taken = min(len(buffer), len(octets))
            buffer[:taken] = octets[:taken]
            self._protocol.buffer_updated(taken)
            octets = octets[taken:]

    def end(self) -> None:
        self._loop.call(lambda: self._closing or self._protocol.eof_received())

    def hang_up(self) -> None:
        self._loop.run(self._vanish())

    async def _vanish(self) -> None:
        self._lose()

    def close(self) -> None:
        """The protocol calls this, in the loop."""
        asyncio.get_running_loop().call_soon(self._lose)

    def _lose(self) -> None:
        if not self._closing:
            self._closing = True
            self._protocol.connection_lost(None)
            self._note(closed=True)

    abort = close

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))
        self._note(bytes(data))

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("192.0.2.1", 4711), "sockname": ("192.0.2.2", 25)}.get(name, default)


class Engine(Protocol):
    """What POP3 and IMAP sessions offer to whoever runs them."""

    closing: bool
    hanging: bool
    starting_tls: bool
    project: int | None

    def connected(self, *, at_once: bool) -> Iterator[bytes]: ...
    def greet(self) -> Iterator[bytes]: ...
    def receive(self, data: bytes) -> Iterator[bytes]: ...
    def notify(self, event: Event) -> Iterator[bytes]: ...
    def secured(self, version: str) -> None: ...
    def eof(self) -> Iterator[bytes]: ...
    def dismiss(self, text: str) -> Iterator[bytes]: ...
    def ended(self) -> None: ...


class SansIo(Conversation):
    """Without sockets, loop or driver: a session of POP3 or IMAP, run here and now, that hears of what is committed."""

    patience = 1.0  # all has been said when a call returns; only what others write may still be under way

    def __init__(self, session: Engine, bus: Bus) -> None:
        super().__init__()
        self.session = session
        self.chunks: list[bytes] = []
        """All that the session gave, as it gave it."""
        self.is_secured = False
        self._is_busy = False
        self._unsubscribe = bus.subscribe(self._hear)
        self._run(session.connected(at_once=False))
        if not (session.closing or session.hanging):
            self._run(session.greet())

    def send(self, octets: bytes, piece: int | None = None) -> None:
        """What is left of *octets* when the session closes, or asks for TLS, is not heard, as with the driver."""
        self.is_secured = False
        for start in range(0, len(octets), piece or len(octets) or 1):
            if not (self.closed or self.is_secured or self.session.hanging):
                self._send(octets[start : start + (piece or len(octets))])

    def end(self) -> None:
        if not self.closed:
            self._run(self.session.eof())
            self.hang_up()

    def hang_up(self) -> None:
        if not self.closed:
            self._unsubscribe()
            self.session.ended()
            self._note(closed=True)

    def _send(self, octets: bytes) -> None:
        self._run(self.session.receive(octets))

    def _run(self, output: Iterable[bytes]) -> None:
        self._is_busy = True
        self._take(output)
        self._is_busy = False
        if self.session.closing:
            self.hang_up()
        elif self.session.starting_tls:
            self.is_secured = True
            self.session.secured("TLSv1.3")

    def _take(self, output: Iterable[bytes]) -> None:
        for chunk in output:
            self.chunks.append(chunk)
            self._note(chunk)

    def _hear(self, event: Event) -> None:
        """Called in the publishing thread, as the driver is: also while the session is in the middle of a command."""
        if self.session.project == event.project:
            take = self._take if self._is_busy else self._run
            its_end = isinstance(event, ProjectDeleted)
            take(self.session.dismiss(PROJECT_DELETED) if its_end else self.session.notify(event))


class OverTcp(Conversation):
    """Over TCP, with a thread that reads."""

    def __init__(self, loop: Loop, factory: Factory) -> None:
        super().__init__()
        self._loop = loop
        self._server = loop.run(_listen(factory))
        address = self._server.sockets[0].getsockname()[:2]
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while octets := self.socket.recv(1 << 16):
                self._note(octets)
        except OSError:
            pass
        self._note(closed=True)

    def _send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def end(self) -> None:
        with suppress(OSError):  # closed by the server meanwhile
            self.socket.shutdown(socket.SHUT_WR)

    def hang_up(self) -> None:
        self._loop.call(self._server.close)
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(PATIENCE)
        self.socket.close()


class OverTls(OverTcp):
    """The same in TLS, from the first octet on."""

    def __init__(self, loop: Loop, factory: Factory) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)
        self._one_at_a_time = threading.Lock()  # two threads must not use one connection of OpenSSL at once
        self._is_up = threading.Event()
        super().__init__(loop, factory)

    def _read(self) -> None:
        with suppress(OSError):
            self._carried_out(self._tls.do_handshake)
            self._is_up.set()
            while octets := self._carried_out(lambda: self._tls.read(1 << 16)):
                self._note(octets)
        self._note(closed=True)

    def _carried_out(self, step: Callable[[], Any]) -> Any:
        while True:
            with self._one_at_a_time:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    pass
                finally:
                    self.socket.sendall(self._out.read())
            octets = self.socket.recv(1 << 16)
            with self._one_at_a_time:
                self._in.write(octets) if octets else self._in.write_eof()

    def _send(self, octets: bytes) -> None:
        assert self._is_up.wait(PATIENCE), "no TLS"
        with self._one_at_a_time:
            self._tls.write(octets)
            self.socket.sendall(self._out.read())


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """The event loop of all conversations, in its thread."""
    loop = Loop()
    loop.start()
    yield loop
    loop.stop()


@pytest.fixture(scope="session")
def store(loop: Loop) -> Iterator[Store]:
    """One store for all conversations; a test has a project of its own in it."""
    from mailtrap.store.sqlite import SqliteStore

    store = SqliteStore()
    store.settle = loop.call
    yield store
    store.close()


async def _listen(factory: Factory) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
