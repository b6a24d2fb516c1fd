"""What a process has used so far, from /proc (Linux)."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """Seconds of CPU, user and system, of a process and its threads, those that have ended included."""
    try:  # the clock of another process, which counts nanoseconds: clock_getcpuclockid(3)
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def quiet(pid: int, share: float = 0.05, pause: float = 0.05) -> None:
    """Return when the processes do next to nothing: what they do behind their answers counts, too."""
    before = tree_cpu(pid)
    for _ in range(200):
        time.sleep(pause)
        after = tree_cpu(pid)
        if after - before < pause * share:
            return
        before = after


def tree(pid: int) -> list[int]:
    """A process and all that it has started, and so on."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def tree_cpu(pid: int) -> float:
    """Seconds of CPU of a process and all that it has started, those that have ended included."""
    total = 0.0
    for each in tree(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ends just now, and counts with its parent then
            total += cpu(each) + _ended(each)
    return total


def _ended(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / TICKS


def tree_memory(pid: int) -> float:
    """MiB of a process and all that it has started; what several share is counted once."""
    return sum(_proportional(each) for each in tree(pid)) / 1024


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def held(pid: int) -> float:
    """MiB of a server: RSS, or the proportional share of all its processes where that is more."""
    return max(memory(pid), tree_memory(pid))


def memory(pid: int, what: str = "VmRSS") -> float:
    """MiB that a process holds (``VmRSS``), or held at its peak (``VmHWM``)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(what)


def forget_peak(pid: int) -> None:
    """Start the measure of the peak anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def await_port(port: int, process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    """Return as soon as somebody listens on *port*."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.001)
    raise RuntimeError(f"{process.args!r} does not listen on {port}")


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server process, from when it listens on *port* to the end of the block."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_port(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(20)
