"""The program as people run it: a process of its own, spoken to over its ports alone."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from smtp_client import SmtpClient

LISTENERS = ("smtp", "http", "pop3", "pop3s", "imap", "imaps", "smtps", "submission")

PYTHON = os.environ.get("MAILSANDBOX_TEST_PYTHON", sys.executable)
"""Where the program is installed that is run; CI runs that of the wheel, too."""


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


def spawn(options: Sequence[str], **how: Any) -> Process:
    """Run it with *options*, on free ports; *how* is for `subprocess.Popen`."""
    with _free_ports() as ports:
        listeners = [word for name, port in ports.items() for word in (f"--{name}", str(port))]
    command = [PYTHON, "-P", "-m", "mailtrap", *listeners, "--host", "127.0.0.1", *options]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **how}
    return Process(subprocess.Popen(command, **how), ports)


def until_ready(process: Process) -> None:
    """Wait until it serves."""
    server = f"http://127.0.0.1:{process.http}"
    subprocess.run([PYTHON, "-P", "-m", "mailtrap", "ready", "--wait", "30", "--server", server], check=True)


def starter() -> Iterator[Start]:
    """The work of a fixture: gives what starts a ``mailtrap`` and waits until it is ready; ends them all at last."""
    running: list[Process] = []

    def begin(data: Path | None = None, *options: str, **how: Any) -> Process:
        process = spawn([*(["--data", str(data)] if data else []), *options], **how)
        running.append(process)
        until_ready(process)
        return process

    yield begin
    for process in running:
        process.session.close()
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.communicate()


@contextmanager
def _free_ports() -> Iterator[dict[str, int]]:
    """They are free again when the program opens them; none that the system would give to somebody else until then."""
    found: dict[str, int] = {}
    with ExitStack() as stack:
        while missing := [name for name in LISTENERS if name not in found]:
            port = random.SystemRandom().randrange(10_000, 32_000)  # where tests run at a time, each has other ones
            with suppress(OSError):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
                found[missing[0]] = port
        yield found
