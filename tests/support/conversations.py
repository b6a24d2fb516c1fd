"""Conversations with a protocol of ours: without sockets or over TCP, and transcripts of them to replay."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mailtrap.loop import Loop
from mailtrap.store import Store

PATIENCE = 20.0
"""Seconds after which a server that does not answer has failed the test."""

Factory = Callable[[], asyncio.BaseProtocol]


class Conversation:
    """The client's end: send octets, read lines."""

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
            answered = self._changed.wait_for(lambda: b"\r\n" in self.received or self.closed, PATIENCE)
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


# -- transcripts

ESCAPES = re.compile(rb"\\(?:x([0-9a-f]{2})|([rnt0\\]))")
NAMED = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
PATTERNS = {"<id>": rb"[A-Za-z0-9_-]{16}", "…": rb".*"}


def octets(text: str) -> bytes:
    """What a line stands for, with ``\\r \\n \\t \\0 \\\\ \\xff`` in it, and without a CRLF if it ends in ``\\``."""
    end = b"\r\n"
    if re.search(r"(?<!\\)(\\\\)*\\$", text):
        text, end = text[:-1], b""
    return ESCAPES.sub(lambda it: bytes([int(it[1], 16)]) if it[1] else NAMED[it[2]], text.encode()) + end


def pattern(text: str) -> re.Pattern[bytes]:
    """What an ``S:`` line has to look like: ``<id>`` is any id, ``…`` is anything."""
    words = re.split("|".join(map(re.escape, PATTERNS)), text)
    gaps = [PATTERNS[gap] for gap in re.findall("|".join(map(re.escape, PATTERNS)), text)]
    return re.compile(b"".join(re.escape(w.encode()) + g for w, g in zip(words, [*gaps, b""], strict=True)), re.DOTALL)


@dataclass
class Script:
    """A transcript file: what is given, the steps, and what is in the store afterwards."""

    given: list[str] = field(default_factory=list)
    steps: list[tuple[str, str]] = field(default_factory=list)
    stored: list[bytes] | None = None
    refused: list[str] | None = None

    @classmethod
    def read(cls, file: Path) -> Script:
        """Every line is ``C: …``, ``S: …``, ``eof``, ``closed``, ``given …``, ``stored``, ``M: …``, ``refused …``."""
        script = cls()
        for line in file.read_text("utf-8").splitlines():
            word, _, text = line.partition(" ")
            match word:
                case "" | "#":
                    pass
                case "given":
                    script.given.append(text)
                case "C:" | "S:" | "eof" | "closed":
                    script.steps.append((word[0], text))
                case "stored":
                    script.stored = (script.stored or []) + ([] if text == "nothing" else [b""])
                case "M:":
                    assert script.stored, "M: belongs to a message: write stored before it"
                    script.stored[-1] += octets(text)
                case "refused":
                    script.refused = (script.refused or []) + ([] if text == "nothing" else [text])
                case _:
                    raise AssertionError(f"{file.name}: what is {line!r}?")
        return script

    def sends(self) -> Iterator[tuple[str, bytes | str]]:
        """The steps, with what the client sends in one go in one."""
        group = b""
        for kind, text in self.steps:
            if kind == "C":
                group += octets(text)
                continue
            if group:
                yield "C", group
                group = b""
            yield kind, text
        if group:
            yield "C", group

    def play(self, conversation: Conversation, piece: int | None) -> None:
        """Say what the client says, and hold the server to its lines, no more and no fewer."""
        if self.steps[0][0] != "S":
            conversation.line()  # the greeting
        for kind, text in self.sends():
            match kind, text:
                case "C", bytes():
                    conversation.send(text, piece)
                case "S", str():
                    line = conversation.line()
                    assert line is not None, f"closed where {text!r} was expected"
                    assert pattern(text).fullmatch(line), f"{line.decode(errors='replace')!r} is not {text!r}"
                case "e", _:
                    conversation.end()
                case "c", _:
                    assert conversation.line() is None
        if not conversation.closed:
            conversation.end()
        assert conversation.rest() == []
