"""The program as people run it: a process of its own, spoken to over its ports alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests


@dataclass
class Process:
    """A running ``mailtrap``."""

    popen: subprocess.Popen[str]
    smtp: int
    http: int
    session: requests.Session = field(default_factory=requests.Session)

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


def _spawn(options: list[str]) -> Process:
    with _free_ports() as (smtp, http):
        ports = ["--smtp", str(smtp), "--http", str(http), "--host", "127.0.0.1"]
    command = [PYTHON, "-P", "-m", "mailtrap", *ports, *options]
    popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return Process(popen, smtp, http)


def _await(process: Process) -> None:
    server = f"http://127.0.0.1:{process.http}"
    subprocess.run([PYTHON, "-P", "-m", "mailtrap", "ready", "--wait", "30", "--server", server], check=True)


@contextmanager
def _free_ports() -> Iterator[tuple[int, int]]:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        yield first.getsockname()[1], second.getsockname()[1]
