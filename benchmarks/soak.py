"""Mail at a steady rate with the oldest expiring, and clients that read meanwhile: does anything grow?

``python -m benchmarks soak`` takes two minutes; ``python -m benchmarks.soak 30`` half an hour, and so on.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

from benchmarks.mail import message
from benchmarks.process import cpu, memory
from benchmarks.readers import Client, Imap, Pop3
from benchmarks.report import Effort
from benchmarks.servers import Server, sandbox

RATE = 50
"""Messages a second."""

KEEP = 2000
"""So many are kept: what is older expires."""

VARIETY = 200
"""So many different messages, and half as many addresses."""


class Row(NamedTuple):
    """What was seen in one interval."""

    memory: float
    descriptors: int
    database: float
    log: float
    busy: float
    times: dict[str, list[float]]

    def figures(self) -> dict[str, float]:
        """What must not grow, and by how much it may at the least that counts."""
        medians = {f"{name}, median": statistics.median(times) for name, times in self.times.items() if times}
        return {"memory": self.memory, "descriptors": self.descriptors, "database": self.database, **medians}


class Load:
    """Clients, each in a thread of its own, and how long each of their calls took."""

    def __init__(self, server: Server, keep: int) -> None:
        self._server = server
        self._keep = keep
        self._last_20 = f"{keep - 60}:{keep - 41}"  # there may be fewer than are kept, for a moment
        self._ended = threading.Event()
        self._times: defaultdict[str, list[float]] = defaultdict(list)
        self.sent = 0
        self.failures: list[str] = []
        clients = (self._send, self._imap, self._pop3, self._rest)
        self._threads = [threading.Thread(target=self._guarded, args=(client,)) for client in clients]
        for each in self._threads:
            each.start()

    def end(self) -> None:
        """Let all clients end."""
        self._ended.set()
        for each in self._threads:
            each.join()

    def taken(self) -> dict[str, list[float]]:
        """What was measured since the last time."""
        times, self._times = self._times, defaultdict(list)
        return dict(sorted(times.items()))

    def _guarded(self, client: Callable[[], None]) -> None:
        while not self._ended.is_set():
            try:
                client()
            except Exception as error:
                self.failures.append(f"{client.__name__}: {error!r}")
                self._ended.wait(1)

    def _timed(self, name: str, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        self._times[name].append((time.perf_counter() - began) * 1000)

    def _every(self, seconds: float) -> bool:
        return not self._ended.wait(seconds)

    def _send(self) -> None:
        with Client(self._server.smtp) as client:
            client.socket.sendall(b"EHLO load.test\r\n")
            client.read(b"250 ")
            turn = time.monotonic()
            for number in count():
                turn += 1 / RATE
                if self._ended.wait(max(0.0, turn - time.monotonic())):
                    return
                self._timed("smtp", lambda number=number: self._transact(client, number))  # type: ignore[misc]  # a default
                self.sent += 1

    @staticmethod
    def _transact(client: Client, number: int) -> None:
        rcpt = f"user{number % (VARIETY // 2)}@load.test"
        client.socket.sendall(f"MAIL FROM:<app@shop.test>\r\nRCPT TO:<{rcpt}>\r\nDATA\r\n".encode())
        client.read(b"354 ")
        client.socket.sendall(message(seed=number % VARIETY) + b".\r\n")
        client.read(b"250 ")

    def _imap(self) -> None:
        with Imap(self._server.imap, "catchall") as session:
            session.command("SELECT INBOX")
            for _ in range(60):  # a minute in a session
                if not self._every(1):
                    return
                self._timed("imap noop", lambda: session.command("NOOP"))
                if self.sent > self._keep:
                    self._timed("imap fetch 20", lambda: session.command(f"FETCH {self._last_20} (UID ENVELOPE)"))

    def _pop3(self) -> None:
        while self._every(2):
            self._timed("pop3", self._maildrop)

    def _maildrop(self) -> None:
        with Pop3(self._server.pop3, "user7@load.test") as session:
            session.socket.sendall(b"STAT\r\nRETR 1\r\nQUIT\r\n")
            session.read(b"+OK", 2)

    def _rest(self) -> None:
        queries = ("", "invoice", "nowhere-to-be-found", "to:user77@load.test", "is:unread")
        for number in count():
            if not self._every(0.5):
                return
            query = queries[number % len(queries)]
            self._timed("rest", lambda query=query: self._list(query))  # type: ignore[misc]  # a default

    def _list(self, query: str) -> None:
        asked = urllib.parse.urlencode({"q": query, "limit": 20})
        with urllib.request.urlopen(f"http://127.0.0.1:{self._server.http}/v1/messages?{asked}", timeout=60) as answer:
            json.load(answer)


def run(effort: Effort) -> None:
    """Two minutes of it."""
    soak(0.5 if effort.quick else 2.0)


def soak(minutes: float = 2.0, keep: int = KEEP) -> None:
    """A table with a row for each interval, and what is to be said of it."""
    seconds = 60.0 if minutes >= 10 else minutes * 5
    print(f"Soak: {RATE} messages of 5 KB a second for {minutes:g} minutes, the newest {keep} kept", flush=True)
    with sandbox("--keep-messages", str(keep)) as server:
        load = Load(server, keep)
        rows: list[Row] = []
        for number in range(max(6, round(minutes * 60 / seconds))):
            before = cpu(server.pid)
            load_began = time.monotonic()
            time.sleep(seconds)
            busy = (cpu(server.pid) - before) / (time.monotonic() - load_began)
            rows.append(_row(server, load, busy))
            _print(number + 1, seconds, rows[-1])
        load.end()
        print(f"  {load.sent} messages sent, {len(load.failures)} failures {load.failures[:3]}")
        _judge(rows)


def _row(server: Server, load: Load, busy: float) -> Row:
    assert server.data is not None
    database = server.data / "mailtrap.db"
    descriptors = len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
    return Row(memory(server.pid), descriptors, _size(database), _size(Path(f"{database}-wal")), busy, load.taken())


def _size(file: Path) -> float:
    return file.stat().st_size / (1 << 20) if file.exists() else 0.0


def _print(number: int, seconds: float, row: Row) -> None:
    times = "; ".join(
        f"{name} {statistics.median(each):.1f} / {sorted(each)[len(each) * 99 // 100]:.1f} / {max(each):.1f}"
        for name, each in row.times.items()
    )
    print(
        f"  {number * seconds / 60:5.1f} min: {row.memory:6.1f} MiB, {row.descriptors} descriptors, database "
        f"{row.database:6.1f} MiB, log {row.log:5.1f} MiB, CPU {row.busy:4.0%}; median / p99 / max ms: {times}",
        flush=True,
    )


def _judge(rows: list[Row]) -> None:
    """The last third beside the one in the middle: a tenth more is growth, for times a quarter."""
    third = len(rows) // 3
    middle, last = rows[third : 2 * third], rows[-third:]
    grows = []
    for name in last[-1].figures():
        before, after = (statistics.mean(row.figures().get(name, 0.0) for row in part) for part in (middle, last))
        allowed = 1.25 if "median" in name else 1.1
        grew = after > before * allowed + (1.0 if "median" in name else 2.0)
        grows += [name] if grew else []
        print(f"  {name:28} {before:8.2f} -> {after:8.2f}  {'grows' if grew else 'flat'}")
    print(f"  {'grows: ' + ', '.join(grows) if grows else 'flat'}", flush=True)


if __name__ == "__main__":
    _, *given = sys.argv
    soak(float(given[0]) if given else 2.0, int(given[1]) if given[1:] else KEEP)
