"""POP3 beside Dovecot and GreenMail: a maildrop of 2,000 messages, each retrieved."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.peers import READERS, at_hand
from benchmarks.process import tree_cpu
from benchmarks.readers import Pop3, fill, mails
from benchmarks.report import AtMost, Effort, Row
from benchmarks.servers import Server


def run(effort: Effort) -> Iterator[Row]:
    """Interleaved rounds: log in, RETR each, leave."""
    count = effort.of(2_000, 200)
    retrieved = {"GreenMail": 100}  # it waits 40 ms for the client's acknowledgement in each
    figures: dict[str, list[list[float]]] = {}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(start()) for name, start in at_hand(READERS).items()}
        for name, server in servers.items():
            fill(server, "ann@x.test", mails(count), by_smtp=name == "GreenMail")
        for _ in range(effort.of(3, 2)):
            for name, server in servers.items():
                figures.setdefault(name, []).append(_one_round(server, retrieved.get(name, count)))
    medians = {name: [statistics.median(each) for each in zip(*rows, strict=True)] for name, rows in figures.items()}
    for which, work in enumerate(("log-in, CPU", "log-in, wall", "RETR each, CPU", "RETR each, wall")):
        goals = (AtMost(0.1),) if work == "RETR each, CPU" else ()
        yield Row("pop3", work, {name: found[which] for name, found in medians.items()}, goals=goals)


def _one_round(server: Server, count: int) -> list[float]:
    before, began = tree_cpu(server.pid), time.perf_counter()
    with Pop3(server.pop3, "ann@x.test") as client:
        middle, half = tree_cpu(server.pid), time.perf_counter()
        for number in range(1, count + 1):
            client.retrieve(number)
        after, end = tree_cpu(server.pid), time.perf_counter()
        client.socket.sendall(b"QUIT\r\n")
        client.read(b"\r\n")
    ms = 1000
    return [(middle - before) * ms, (half - began) * ms, (after - middle) * ms / count, (end - half) * ms / count]
