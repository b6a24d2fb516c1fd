"""From exec to a listening mail port, beside the import of aiosmtpd alone; and memory at rest."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.process import await_port, free_port, memory


def run(rounds: int = 9) -> None:
    """Interleaved, medians."""
    ours, without_http, theirs = [], [], []
    for _ in range(rounds):
        ours.append(_until_smtp())
        without_http.append(_until_smtp("--http", "off"))
        theirs.append(_seconds([sys.executable, "-c", "import aiosmtpd.smtp"]))
    base = statistics.median(theirs)
    print("Start-up, s: exec to SMTP port")
    for name, times in (("sandbox", ours), ("sandbox --http off", without_http), ("import aiosmtpd.smtp", theirs)):
        print(f"  {name:22} {statistics.median(times):.3f} ({statistics.median(times) / base:.2f}x)")
    print(f"Memory at rest, MiB: {_at_rest():.1f}, --http off {_at_rest('--http', 'off'):.1f}", flush=True)


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


def _at_rest(*options: str) -> float:
    port = free_port()
    process = _start(port, *options)
    await_port(port, process)
    time.sleep(3)  # Flask follows
    used = memory(process.pid)
    process.terminate()
    process.wait()
    return used
