"""From exec to a listening mail port, and memory at rest."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.peers import READERS, SMTP, Start, at_hand
from benchmarks.process import await_port, free_port, held, memory
from benchmarks.report import OURS, AtMost, Effort, Row, Times

IMPORT = "import aiosmtpd.smtp"


def run(effort: Effort) -> Iterator[Row]:
    """Interleaved, medians; of peers that start slowly, fewer."""
    peers = {name: start for name, start in at_hand(SMTP | READERS).items() if name != OURS}
    times: dict[str, list[float]] = {}
    for number in range(effort.of(7, 2)):
        times.setdefault(OURS, []).append(_until_smtp())
        times.setdefault("--http off", []).append(_until_smtp("--http", "off"))
        times.setdefault(IMPORT, []).append(_seconds([sys.executable, "-c", IMPORT]))
        if number < 3:
            for name, start in peers.items():
                times.setdefault(name, []).append(_until_started(start))
    medians = {name: statistics.median(found) * 1000 for name, found in times.items()}
    with_http = {name: figure for name, figure in medians.items() if name != "--http off"}
    yield Row("startup", "exec to the mail port", with_http, goals=(Times(0.5, IMPORT),))
    without = with_http | {OURS: medians["--http off"]}
    yield Row("startup", "the same, ours with `--http off`", without, goals=(Times(0.5, IMPORT),))
    at_rest = {name: _of_peer(start) for name, start in peers.items()}
    yield Row("startup", "memory at rest", {OURS: _at_rest(), **at_rest}, "MiB", (AtMost(45),))
    yield Row(
        "startup",
        "the same, ours with `--http off`",
        {OURS: _at_rest("--http", "off"), **at_rest},
        "MiB",
        (AtMost(45),),
    )


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


def _start(port: int, *options: str) -> subprocess.Popen[bytes]:
    http = [] if "--http" in options else ["--http", str(free_port())]
    command = [sys.executable, "-m", "mailtrap", "--smtp", str(port), "--host", "127.0.0.1", *http, *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def _until_smtp(*options: str) -> float:
    port = free_port()
    began = time.perf_counter()
    process = _start(port, *options)
    await_port(port, process)
    took = time.perf_counter() - began
    process.terminate()
    process.wait()
    return took


def _until_started(start: Start) -> float:
    began = time.perf_counter()
    with start():
        return time.perf_counter() - began


def _at_rest(*options: str) -> float:
    port = free_port()
    process = _start(port, *options)
    await_port(port, process)
    time.sleep(3)  # Flask follows
    used = memory(process.pid)
    process.terminate()
    process.wait()
    return used


def _of_peer(start: Start) -> float:
    with start() as server:
        time.sleep(2)
        return held(server.pid)
