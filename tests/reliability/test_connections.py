"""Many connections, slow ones, and more than there are descriptors for: whoever behaves is served."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
from process import Process, Start
from smtp_client import SmtpClient

GREETINGS = {"smtp": b"220 ", "pop3": b"+OK ", "imap": b"* OK "}
FAREWELLS = {"smtp": b"QUIT", "pop3": b"QUIT", "imap": b"a LOGOUT"}
HALVES = {"smtp": b"EHLO cli", "pop3": b"USER an", "imap": b"a LOGIN ann {20+}\r\nse"}
DESCRIPTORS = 80
MESSAGE = b"Subject: hello\r\n\r\nHello, Ann.\r\n"

ALL = ["smtp", "pop3", "imap", "http"]


def connected(process: Process, protocol: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", process.ports[protocol]), 30)


def is_served(process: Process, protocol: str) -> bool:
    """Whether a new connection comes all the way through: greeted, asked, answered."""
    with connected(process, protocol) as client, client.makefile("rb") as answers:
        if protocol == "http":
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return answers.readline().startswith(b"HTTP/1.1 200")
        greeted = answers.readline().startswith(GREETINGS[protocol])
        client.sendall(FAREWELLS[protocol] + b"\r\n")
        return greeted and bool(answers.readline())


@contextmanager
def many(process: Process, protocol: str, count: int, said: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections, each greeted, that have said so much and then nothing more."""
    with ExitStack() as stack:
        opened = [stack.enter_context(connected(process, protocol)) for _ in range(count)]
        for each in opened:
            if protocol in GREETINGS:
                assert each.recv(100).startswith(GREETINGS[protocol])
            each.sendall(said)
        yield opened


@pytest.fixture
def own_descriptors() -> Iterator[None]:
    """Enough descriptors for the client's end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("own_descriptors")
@pytest.mark.parametrize("protocol", ["smtp", "pop3", "imap"])
def test_1000_idle_and_400_slow_connections_keep_nobody_waiting(start: Start, protocol: str) -> None:
    process = start()
    with many(process, protocol, 1000), many(process, protocol, 400, HALVES[protocol]):
        assert all(is_served(process, each) for each in ALL)
        process.deliver("ann@x.test", MESSAGE)

        assert [process.raw(each) for each in process.messages()] == [MESSAGE]
    assert process.stop() == 0


@pytest.mark.parametrize("protocol", ALL)
def test_out_of_descriptors_it_lets_nobody_in_and_goes_on_when_there_are_some(
    start: Start, tmp_path: Path, protocol: str
) -> None:
    few = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    with (tmp_path / "output").open("w+") as output:
        process = start(tmp_path / "data", preexec_fn=few, stdout=output)
        with SmtpClient(("127.0.0.1", process.smtp)) as early, ExitStack() as stack:
            crowd = [stack.enter_context(connected(process, protocol)) for _ in range(2 * DESCRIPTORS)]
            early.send(MESSAGE)  # who is in is served all the same
            if protocol in GREETINGS:
                assert crowd[0].recv(100).startswith(GREETINGS[protocol])
            last = crowd.pop()
            for each in crowd:
                each.close()
            if protocol in GREETINGS:  # it was never turned away: the kernel has kept it waiting
                assert last.recv(100).startswith(GREETINGS[protocol])
            assert all(is_served(process, each) for each in ALL)
            early.send(MESSAGE)

        assert len(process.messages()) == 2
        assert process.stop() == 0
        said = (tmp_path / "output").read_text()
        assert "no more connections can be taken now: Too many open files" in said
        assert said.count("\n") < 100  # one line for each pause, and no traceback
        assert "Traceback" not in said
