"""How long one client waits: a whole session, and a message within one, median and 99th percentile."""

from __future__ import annotations

import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

from benchmarks.mail import message
from benchmarks.peers import SMTP, at_hand
from benchmarks.report import AtMost, Effort, Row

ROUNDS = 3


def run(effort: Effort) -> Iterator[Row]:
    """All servers in turn, a few times; medians, and the 99th percentiles of all."""
    count = effort.of(60, 10)
    whole: dict[str, list[float]] = {}
    within: dict[str, list[float]] = {}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(start()) for name, start in at_hand(SMTP).items()}
        for _ in range(ROUNDS):
            for name, server in servers.items():
                whole.setdefault(name, []).extend(_timed(count, partial(_session, server.smtp)))
                with smtplib.SMTP("127.0.0.1", server.smtp, local_hostname="here") as client:
                    within.setdefault(name, []).extend(_timed(count, partial(_send, client)))
    yield Row("latency", "a session with one message, median", _each(whole, 0.5), goals=(AtMost(1),))
    yield Row("latency", "the same, 99th percentile", _each(whole, 0.99))
    yield Row("latency", "a message by smtplib in a session, median", _each(within, 0.5))
    yield Row("latency", "the same, 99th percentile", _each(within, 0.99))


def _each(times: dict[str, list[float]], share: float) -> dict[str, float]:
    return {name: sorted(found)[int(len(found) * share)] for name, found in times.items()}


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
    return times[20:]
