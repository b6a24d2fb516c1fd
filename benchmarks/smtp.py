"""CPU of the server per message, before the last 250 and when all work is done, driven by ``smtp-source``."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.mail import message
from benchmarks.process import cpu, forget_peak, memory
from benchmarks.servers import SERVERS, Server

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


CASES = {
    "5 KB, many a session": (5_000, 2000, False),
    "5 KB, one a connection": (5_000, 1200, True),
    "100 KB": (100_000, 300, False),
    "10 MB": (10_000_000, 6, False),
}


def run(rounds: int = 3) -> None:
    """Interleaved rounds over all servers; medians, and ratios to ours."""
    print(f"SMTP: CPU ms per message, before the 250 / all work (medians of {rounds} interleaved rounds; x: to ours)")
    for name, (size, count, per_connection) in CASES.items():
        figures: dict[str, list[tuple[float, float]]] = {server: [] for server in SERVERS}
        for _ in range(rounds):
            for server, start in SERVERS.items():
                with start() as it:
                    figures[server].append(_round(it, message(size), count, per_connection))
        medians = {each: _medians(found) for each, found in figures.items()}
        ours = medians["sandbox"]
        cells = [
            f"{each} {a:.3f} ({a / ours[0]:.2f}x) / {b:.3f} ({b / ours[1]:.2f}x)" for each, (a, b) in medians.items()
        ]
        print(f"  {name:24}", " | ".join(cells), flush=True)
    print(f"  peak memory for a 10 MB message: {_peak():.1f} MiB above idle (message: 9.5 MiB)")


def _medians(found: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(a for a, _ in found), statistics.median(b for _, b in found)


def _round(server: Server, octets: bytes, count: int, per_connection: bool) -> tuple[float, float]:
    sessions = 1 if len(octets) > 1_000_000 else 4
    return per_message(
        server, count, lambda n: send(server.smtp, octets, n, per_connection=per_connection, sessions=sessions)
    )


def _peak() -> float:
    with SERVERS["sandbox"]() as server:
        send(server.smtp, message(), 50, per_connection=False)
        server.caught_up()
        idle = memory(server.pid)
        forget_peak(server.pid)
        send(server.smtp, message(10_000_000), 1, per_connection=False, sessions=1)
        server.caught_up()
        return memory(server.pid, "VmHWM") - idle
