"""CPU of the server per message, before the last 250 and when all work is done, driven by ``smtp-source``."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mail import message
from benchmarks.peers import SMTP, at_hand
from benchmarks.process import cpu, forget_peak, memory
from benchmarks.report import OURS, AtMost, Effort, Goal, Row, Times
from benchmarks.servers import Server, sandbox

SOURCE = "/usr/sbin/smtp-source"
BURST = 400


def send(port: int, octets: bytes, count: int, *, per_connection: bool, sessions: int = 4) -> None:
    """*count* messages from *sessions* parallel sessions."""
    with tempfile.NamedTemporaryFile(suffix=".eml") as file:
        Path(file.name).write_bytes(octets.replace(b"\r\n", b"\n"))
        keep = [] if per_connection else ["-d"]
        addresses = ["-f", "app@shop.example.com", "-t", "ann@example.com"]
        command = [SOURCE, *keep, "-s", str(sessions), "-m", str(count), *addresses, "-F", file.name]
        # Without a timeout: with one, Python looks every 50 ms whether it has ended, and the index begins after 20.
        subprocess.run([*command, f"inet:127.0.0.1:{port}"], check=True)


def per_message(server: Server, count: int, work: Callable[[int], None]) -> tuple[float, float]:
    """CPU ms of the server for each of *count* messages that *work* sends: until the 250s, and until all is done.

    They go in bursts, each less than the index lets wait, so that its work falls behind the last 250.
    """
    burst = min(count, BURST)
    work(burst // 10 + 1)
    server.caught_up()
    answered = done = 0.0
    for _ in range(count // burst):
        before = cpu(server.pid)
        work(burst)
        answered += cpu(server.pid) - before
        server.caught_up()
        done += cpu(server.pid) - before
    return answered * 1000 / (count // burst * burst), done * 1000 / (count // burst * burst)


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent, how many of it, and what is to be reached: before the 250, and all work."""

    size: int
    count: int
    per_connection: bool = False
    before: tuple[Goal, ...] = ()
    after: tuple[Goal, ...] = ()


CASES = {
    "5 KB, many a session": Case(5_000, 1200, False, (AtMost(0.35), Times(5, "MailDev")), (Times(4, "MailDev"),)),
    "5 KB, one a connection": Case(5_000, 400, True, (AtMost(0.7), Times(3, "MailDev")), (Times(3, "MailDev"),)),
    "100 KB": Case(100_000, 200, after=(Times(5, "MailDev"),)),
    "10 MB": Case(10_000_000, 4, after=(Times(4, "MailDev"),)),
}
MIB_OF_LARGEST = 10_000_000 / (1 << 20)


def run(effort: Effort) -> Iterator[Row]:
    """Interleaved rounds over all servers, each started once a case; medians."""
    rounds = effort.of(3, 1)
    servers = at_hand(SMTP)
    for name, case in CASES.items():
        figures: dict[str, list[tuple[float, float]]] = {server: [] for server in servers}
        with ExitStack() as stack:
            started = {server: stack.enter_context(start()) for server, start in servers.items()}
            for _ in range(rounds):
                for server, it in started.items():
                    figures[server].append(_round(it, case, effort.of(case.count, max(2, case.count // 10))))
        before, after = ({each: _median(found, which) for each, found in figures.items()} for which in (0, 1))
        yield Row("smtp", f"{name}, before the 250", {**after, OURS: before[OURS]}, goals=case.before)
        yield Row("smtp", f"{name}, all work", after, goals=case.after)
    peak = _peak()
    yield Row(
        "smtp", "memory for a 10 MB message above idle", {OURS: peak}, "MiB", (AtMost(round(3 * MIB_OF_LARGEST, 1)),)
    )


def _median(found: list[tuple[float, float]], which: int) -> float:
    return statistics.median(each[which] for each in found)


def _round(server: Server, case: Case, count: int) -> tuple[float, float]:
    octets = message(case.size)
    sessions = 1 if case.size > 1_000_000 else 4
    return per_message(
        server, count, lambda n: send(server.smtp, octets, n, per_connection=case.per_connection, sessions=sessions)
    )


def _peak() -> float:
    with sandbox() as server:
        send(server.smtp, message(), 50, per_connection=False)
        server.caught_up()
        idle = memory(server.pid)
        forget_peak(server.pid)
        send(server.smtp, message(10_000_000), 1, per_connection=False, sessions=1)
        server.caught_up()
        return memory(server.pid, "VmHWM") - idle
