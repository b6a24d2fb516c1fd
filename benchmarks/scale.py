"""Many messages stored: what a user waits for over HTTP, and what of it is the store's, by how many there are."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from benchmarks.load import Session, stuffed
from benchmarks.mail import message
from benchmarks.peers import at_hand, maildev
from benchmarks.process import cpu, memory, quiet
from benchmarks.report import OURS, Effort, Flat, Goal, Row
from benchmarks.servers import Server, sandbox
from benchmarks.store import GOALS as INSIDE
from benchmarks.store import QUERIES, Growing, delete, effort_sizes, fill, read
from mailtrap.store.sqlite import SqliteStore

PATHS = {
    "list page": "/v1/messages?limit=50",
    "page of an account": "/v1/messages?limit=50&account=fifty@load.test",
    "open one": "/v1/messages/{id}",
    "its octets": "/v1/messages/{id}/raw",
    **{name: f"/v1/messages?limit=50&q={quote(query)}" for name, query in QUERIES.items()},
}
GOALS: dict[str, tuple[Goal, ...]] = {work: (Flat(),) for work in PATHS}

OF_MAILDEV = {
    "list page": "/api/email/summary?limit=50",
    "open one": "/api/email/{id}",
    "search `subject:`, in none": "/api/email?subject=4711&limit=50",
}


def run(effort: Effort) -> Iterator[Row]:
    """Fill, read inside, start the program on it, read over HTTP, and so on; at last delete everything."""
    inside, over_http = Growing(), Growing()
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        for size in effort_sizes(effort):
            with closing(SqliteStore(data)) as store:
                inside.add(size, fill(store, size) | read(store, size))
            with sandbox(data=data) as server:
                over_http.add(size, _read(server))
        yield from over_http.rows("scale", GOALS)
        yield from inside.rows("inside", INSIDE)
        yield from _delete(data, size)
    yield from _peer(effort.of(3_000, 500))


class Http:
    """A connection that is kept."""

    def __init__(self, port: int | None) -> None:
        assert port is not None
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, path: str, method: str = "GET") -> bytes:
        """The answer, which must be good."""
        self._connection.request(method, path)
        answer = self._connection.getresponse()
        octets = answer.read()
        assert answer.status < 300, (path, octets)
        return octets

    def timed(self, path: str, method: str = "GET") -> float:
        """How many ms it takes."""
        began = time.perf_counter()
        self.ask(path, method)
        return (time.perf_counter() - began) * 1000


def _read(server: Server) -> dict[str, float]:
    client = Http(server.http)
    last = json.loads(client.ask(PATHS["list page"]))["messages"][-1]["id"]
    return {name: _median(client, path.format(id=last)) for name, path in PATHS.items()}


def _median(client: Http, path: str) -> float:
    return statistics.median(client.timed(path) for _ in range(20))


def _delete(data: Path, size: int) -> Iterator[Row]:
    """Over HTTP in one copy, and inside the server in the other."""
    copy = shutil.copytree(data, data.with_name("copy"))
    os.sync()  # or the first checkpoint waits until the disk has taken all of the copy
    with sandbox(data=copy) as server:
        client = Http(server.http)
        took = client.timed("/v1/messages?all=true", "DELETE")
        yield Row("delete", f"delete all of {size:,}, over HTTP", {OURS: took})
        before = cpu(server.pid)
        sending = sorted(_one_message(server) for _ in range(200))
        yield Row("delete", "a message by SMTP right after, median", {OURS: sending[100]})
        yield Row("delete", "the same, longest of 200", {OURS: sending[-1]})
        yield Row("delete", "CPU of the server meanwhile", {OURS: (cpu(server.pid) - before) * 1000})
    shutil.rmtree(copy)
    with closing(SqliteStore(data)) as store:
        yield from delete(store)


def _one_message(server: Server) -> float:
    session = Session(("127.0.0.1", server.smtp))
    began = time.perf_counter()
    session.deliver(stuffed(message()), pipelined=False)
    took = time.perf_counter() - began
    session.quit()
    return took * 1000


# -- beside MailDev, with as many as it takes in a short time


def _peer(count: int) -> Iterator[Row]:
    figures: dict[str, dict[str, float]] = {}
    for name, start in at_hand({OURS: sandbox, "MailDev": maildev}).items():
        with start() as server:
            session = Session(("127.0.0.1", server.smtp))
            for seed in range(count):
                session.deliver(stuffed(message(seed=seed % 200)), pipelined=True)
            session.quit()
            server.caught_up()
            quiet(server.pid)
            client = Http(server.http)
            found = _read_maildev(client) if name == "MailDev" else _read(server)
            for work in OF_MAILDEV:
                figures.setdefault(work, {})[name] = found[work]
            figures.setdefault("memory of the server", {})[name] = memory(server.pid)
            everything = "/api/email/all" if name == "MailDev" else "/v1/messages?all=true"
            figures.setdefault("delete all", {})[name] = client.timed(everything, "DELETE")
    for work, row in figures.items():
        yield Row("beside", f"{work}, with {count:,} stored", row, "MiB" if "memory" in work else "ms")


def _read_maildev(client: Http) -> dict[str, float]:
    newest = json.loads(client.ask("/api/email?limit=1&sort=desc"))[0]["id"]
    return {work: _median(client, path.format(id=newest)) for work, path in OF_MAILDEV.items()}
