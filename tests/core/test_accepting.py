"""Letting connections in: what is needed for that is loaded while nobody else waits."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from loops import LOOPS, loops_are

from mailtrap import accepting, ports
from mailtrap.loop import Loop

PATIENCE = 20.0


class Hello(asyncio.Protocol):
    """Greets."""

    def connection_made(self, transport: Any) -> None:
        transport.write(b"hello")
        transport.close()


class Port:
    """A port whose server has to be loaded."""

    def __init__(self, loop: Loop, load: Callable[[], object]) -> None:
        self.loop = loop
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.acceptor = loop.run(accepting.accept(Hello, self.socket, 10, load))

    def connect(self) -> socket.socket:
        return socket.create_connection(self.socket.getsockname(), PATIENCE)

    def close(self) -> None:
        self.loop.call(self.acceptor.close)


@pytest.fixture
def port(loop: Loop) -> Iterator[Callable[[Callable[[], object]], Port]]:
    with ExitStack() as undo:

        def make(load: Callable[[], object]) -> Port:
            made = Port(loop, load)
            undo.callback(made.close)
            return made

        yield make


Make = Callable[[Callable[[], object]], Port]


async def _answer() -> int:
    return 42


def heard(peer: socket.socket) -> bytes:
    with peer, peer.makefile("rb") as file:
        return file.read()


def test_the_first_is_let_in_when_all_is_loaded_and_the_loop_does_not_wait_for_that(loop: Loop, port: Make) -> None:
    began, go_on, threads = threading.Event(), threading.Event(), list[str]()

    def load() -> None:
        threads.append(threading.current_thread().name)
        began.set()
        assert go_on.wait(PATIENCE)

    opened = port(load)
    assert threads == []
    peers = [opened.connect() for _ in range(3)]
    assert began.wait(PATIENCE)
    assert loop.run(_answer()) == 42
    go_on.set()

    assert [heard(peer) for peer in peers] == [b"hello"] * 3
    assert heard(opened.connect()) == b"hello"
    [name] = threads
    assert name != "mailtrap-loop"


def test_what_cannot_be_loaded_now_is_loaded_later(
    port: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(accepting, "PAUSE", 0.01)
    failures = [OSError(24, "Too many open files"), OSError(24, "Too many open files")]

    def load() -> None:
        if failures:
            raise failures.pop()

    with caplog.at_level(logging.WARNING):
        assert heard(port(load).connect()) == b"hello"

    assert caplog.messages == ["no more connections can be taken now: Too many open files"] * 2


def test_a_bug_in_loading_is_logged_and_no_reason_to_let_nobody_in(
    port: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert heard(port(lambda: 1 // 0).connect()) == b"hello"

    assert "ZeroDivisionError" in caplog.text


def test_a_port_can_be_closed_while_it_loads(loop: Loop, port: Make) -> None:
    began, go_on = threading.Event(), threading.Event()

    def load() -> None:
        began.set()
        go_on.wait(PATIENCE)

    opened = port(load)
    peer = opened.connect()
    assert began.wait(PATIENCE)
    loop.call(opened.acceptor.close)
    loop.run(_answer())
    go_on.set()

    with peer, pytest.raises(ConnectionResetError):
        peer.recv(10)


class Asks(asyncio.Protocol):
    """Says whether what it writes waits for an acknowledgement of what it wrote before."""

    def connection_made(self, transport: Any) -> None:
        at_once = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        transport.write(b"at once" if at_once else b"40 ms later")
        transport.close()


@pytest.mark.parametrize("name", LOOPS)
def test_no_answer_waits_for_an_acknowledgement(name: str) -> None:
    with loops_are(name):
        loop = Loop()
        loop.start()
    [listening] = ports.listen(["127.0.0.1"], 0, "smtp")
    acceptor = loop.run(accepting.accept(Asks, listening, 10))

    assert heard(socket.create_connection(listening.getsockname(), PATIENCE)) == b"at once"
    loop.call(acceptor.close)
    loop.stop()
