"""How long one client waits: a whole session, and a message within one, median and 99th percentile."""

from __future__ import annotations

import smtplib
import socket
import statistics
import time
from collections.abc import Callable

from benchmarks.mail import message
from benchmarks.servers import SERVERS


def run(count: int = 300) -> None:
    """Every server in turn, *count* sessions and messages each."""
    print("Latency, ms: median (p99)")
    for name, start in SERVERS.items():
        with start() as server:
            whole = _timed(count, lambda port=server.smtp: _session(port))  # type: ignore[misc]  # bound now
            with smtplib.SMTP("127.0.0.1", server.smtp, local_hostname="here") as client:
                within = _timed(count, lambda smtp=client: _send(smtp))  # type: ignore[misc]  # bound now
        print(f"  {name:16} session {_shown(whole)}   smtplib message in a session {_shown(within)}", flush=True)


def _session(port: int) -> None:
    """Connect, one 5 KB message command by command, quit."""
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.recv(4096)
        for line in (
            b"EHLO here",
            b"MAIL FROM:<app@shop.test>",
            b"RCPT TO:<ann@x.test>",
            b"DATA",
            message() + b".",
            b"QUIT",
        ):
            peer.sendall(line + b"\r\n")
            peer.recv(4096)


def _send(client: smtplib.SMTP) -> None:
    client.sendmail("app@shop.test", ["ann@x.test"], message())


def _timed(count: int, work: Callable[[], None]) -> list[float]:
    times = []
    for _ in range(count + 20):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times[20:])


def _shown(times: list[float]) -> str:
    return f"{statistics.median(times):.2f} ({times[int(len(times) * 0.99)]:.2f})"
