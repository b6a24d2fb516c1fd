"""Ours and the peers that can be installed beside it, each in a process of its own."""

from __future__ import annotations

import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import free_port, running

SINK = "/usr/sbin/smtp-sink"
STOCK_AIOSMTPD = """
import asyncio, sys
from aiosmtpd.smtp import SMTP
class Keep:
    kept = []
    async def handle_DATA(self, server, session, envelope):
        self.kept.append(envelope)
        return "250 OK"
async def main():
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Keep(), data_size_limit=1 << 26, hostname="here"), "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it listens, its process, and how to wait until it has done all its work."""

    pid: int
    smtp: int
    caught_up: Callable[[], None] = lambda: None
    http: int | None = None
    imap: int | None = None
    pop3: int | None = None
    data: Path | None = None


@contextmanager
def sandbox(*options: str, data: Path | None = None) -> Iterator[Server]:
    """The sandbox with ``--data``, so with ``synchronous=NORMAL``; and with more *options*."""
    ports = {name: free_port() for name in ("smtp", "http", "imap", "pop3")}
    listeners = [word for name, port in ports.items() for word in (f"--{name}", str(port))]
    others = [word for name in ("submission", "smtps", "imaps", "pop3s") for word in (f"--{name}", "off")]
    with tempfile.TemporaryDirectory() as directory:
        kept = data or Path(directory)
        command = [sys.executable, "-m", "mailtrap", *listeners, *others, "--data", str(kept), "--host", "127.0.0.1"]
        with running([*command, *options], ports["http"]) as process:
            caught_up = _search(ports["http"])
            caught_up()
            addresses = (ports["http"], ports["imap"], ports["pop3"])
            yield Server(process.pid, ports["smtp"], caught_up, *addresses, kept)


@contextmanager
def stock_aiosmtpd() -> Iterator[Server]:
    """aiosmtpd as it comes, keeping what it gets in a list."""
    port = free_port()
    with running([sys.executable, "-c", STOCK_AIOSMTPD, str(port)], port) as process:
        yield Server(process.pid, port)


@contextmanager
def smtp_sink() -> Iterator[Server]:
    """Postfix's ``smtp-sink``: C, and throws everything away. The physical neighbourhood."""
    if not Path(SINK).exists():
        raise FileNotFoundError(SINK)
    port = free_port()
    with running([SINK, "-u", "nobody", f"127.0.0.1:{port}", "1000"], port) as process:
        yield Server(process.pid, port)


def _search(http: int) -> Callable[[], None]:
    def caught_up() -> None:
        """A text search answers once everything is indexed."""
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/v1/messages?q=nowhere-to-be-found&limit=1") as answer:
            answer.read()

    return caught_up
