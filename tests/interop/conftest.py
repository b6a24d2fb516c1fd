"""The program as people run it: a process of its own, spoken to over its ports alone."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dovecot
import pytest
import requests
from reading import Account, Server
from smtp_client import SmtpClient

LISTENERS = ("smtp", "http", "pop3", "pop3s", "imap", "imaps", "smtps", "submission")


@dataclass
class Process:
    """A running ``mailtrap``."""

    popen: subprocess.Popen[str]
    ports: dict[str, int]
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def smtp(self) -> int:
        """Where it takes mail."""
        return self.ports["smtp"]

    @property
    def http(self) -> int:
        """Where the REST API is."""
        return self.ports["http"]

    @property
    def imap(self) -> int:
        """Where mail is read by IMAP."""
        return self.ports["imap"]

    @property
    def pop3(self) -> int:
        """Where mail is read by POP3."""
        return self.ports["pop3"]

    def deliver(self, account: str, octets: bytes) -> None:
        """Send a message to *account*."""
        with SmtpClient(("127.0.0.1", self.smtp)) as client:
            client.send(octets, rcpt_to=[account])

    def get(self, path: str, **query: object) -> requests.Response:
        """What the REST API answers."""
        return self.session.get(f"http://127.0.0.1:{self.http}{path}", params=query, timeout=60)

    def messages(self, **query: object) -> list[dict[str, object]]:
        """Every summary that matches, newest first, page by page."""
        found: list[dict[str, object]] = []
        while True:
            page = self.get("/v1/messages", limit=200, **query).json()
            found += page["messages"]
            if page["next"] is None:
                return found
            query["cursor"] = page["next"]

    def raw(self, message: dict[str, object]) -> bytes:
        """The octets of a message."""
        return self.get(f"/v1/messages/{message['id']}/raw").content

    def kill(self) -> None:
        """``kill -9``."""
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.popen.terminate()
        return self.popen.wait(20)


Start = Callable[..., Process]

PYTHON = os.environ.get("MAILSANDBOX_TEST_PYTHON", sys.executable)
"""Where the program is installed that is run; CI runs that of the wheel, too."""

SERVERS = ["ours", *(["dovecot"] if os.environ.get("MAILSANDBOX_TEST_DOVECOT") else [])]
"""Whose mail is read: with this variable the tests of readers are held against Dovecot as well."""


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a ``mailtrap`` and wait until it is ready; all are stopped at the end of the test."""
    running: list[Process] = []

    def begin(data: Path | None = None, *options: str) -> Process:
        process = _spawn([*(["--data", str(data)] if data else []), *options])
        running.append(process)
        _await(process)
        return process

    yield begin
    for process in running:
        process.session.close()
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.communicate()


@pytest.fixture(scope="module")
def mailtrap() -> Iterator[Process]:
    """One ``mailtrap`` for the tests of a file; each uses addresses of its own."""
    process = _spawn([])
    with process.popen, process.session:
        _await(process)
        yield process
        process.popen.terminate()


@pytest.fixture(scope="session", name="dovecot")
def a_dovecot() -> Iterator[dovecot.Dovecot]:
    """One Dovecot for the whole run, without TLS; each test uses accounts of its own."""
    if os.geteuid() != 0:
        pytest.skip("Dovecot has to be started as root")
    with dovecot.running() as server:
        yield server


@pytest.fixture(params=SERVERS)
def account(request: pytest.FixtureRequest, numbers: Iterator[int]) -> Account:
    """An account that nobody else uses, on the server whose readers are tested."""
    server: Server = request.getfixturevalue("mailtrap" if request.param == "ours" else request.param)
    return Account(server, f"reader{next(numbers)}@x.test", faithful=request.param == "ours")


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """Never the same one twice."""
    return itertools.count(1)


def _spawn(options: list[str]) -> Process:
    with _free_ports() as ports:
        listeners = [word for name, port in ports.items() for word in (f"--{name}", str(port))]
    command = [PYTHON, "-P", "-m", "mailtrap", *listeners, "--host", "127.0.0.1", *options]
    popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return Process(popen, ports)


def _await(process: Process) -> None:
    server = f"http://127.0.0.1:{process.http}"
    subprocess.run([PYTHON, "-P", "-m", "mailtrap", "ready", "--wait", "30", "--server", server], check=True)


@contextmanager
def _free_ports() -> Iterator[dict[str, int]]:
    with ExitStack() as stack:
        sockets = {name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in LISTENERS}
        yield {name: each.getsockname()[1] for name, each in sockets.items()}
