"""POP3 beside Dovecot: a maildrop of 2,000 messages, each retrieved."""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack

from benchmarks.process import tree_cpu
from benchmarks.readers import READERS, Pop3, fill, mails
from benchmarks.servers import Server

COUNT = 2_000


def run(rounds: int = 5) -> None:
    """Interleaved rounds: log in, RETR each, leave."""
    print(f"POP3, {COUNT} messages of 5 KB: ms, CPU of the server / wall (medians of {rounds} interleaved rounds)")
    figures: dict[str, list[list[float]]] = {name: [] for name in READERS}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(start()) for name, start in READERS.items()}
        for server in servers.values():
            fill(server, "ann@x.test", mails(COUNT))
        for _ in range(rounds):
            for name, server in servers.items():
                figures[name].append(_one_round(server))
    for name, rows in figures.items():
        in_cpu, in_wall, cpu, wall = (statistics.median(each) for each in zip(*rows, strict=True))
        print(f"  {name:10} log-in {in_cpu:.1f} / {in_wall:.1f}, RETR {cpu:.3f} / {wall:.3f} each", flush=True)


def _one_round(server: Server) -> list[float]:
    before, began = tree_cpu(server.pid), time.perf_counter()
    with Pop3(server.pop3, "ann@x.test") as client:
        middle, half = tree_cpu(server.pid), time.perf_counter()
        for number in range(1, COUNT + 1):
            client.retrieve(number)
        after, end = tree_cpu(server.pid), time.perf_counter()
        client.socket.sendall(b"QUIT\r\n")
        client.read(b"\r\n")
    ms = 1000
    return [(middle - before) * ms, (half - began) * ms, (after - middle) * ms / COUNT, (end - half) * ms / COUNT]
