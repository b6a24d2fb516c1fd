"""Every read by how many messages are stored, inside the store and by IMAP and POP3: flat, or how it grows.

``python -m benchmarks growth``; with ``--large`` up to a million. A mailbox of everything cannot be opened for nothing,
because its UIDs are told; so there is also one of a person, who gets fifty of them.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.readers import Imap, Pop3
from benchmarks.report import AtMost, Effort, Flat, Row
from benchmarks.servers import Server, sandbox
from benchmarks.store import GOALS, Growing, effort_sizes, fill, read
from mailtrap.store.sqlite import SqliteStore

ROUNDS = 20
PERSON = "fifty@load.test"

OVER_SOCKETS: dict[str, tuple[Flat | AtMost, ...]] = {
    "IMAP: log in, EXAMINE everything, FETCH the last 20": (),
    "IMAP: FETCH the last 20 of everything": (Flat(),),
    "IMAP: SELECT a person's INBOX": (Flat(),),
    "POP3: log in as a person, UIDL, RETR the first": (Flat(),),
    "delete all": (AtMost(10), Flat()),
}


def run(effort: Effort) -> Iterator[Row]:
    """Fill, read, copy and delete the copy, and so on."""
    inside, outside = Growing(), Growing()
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        for size in effort_sizes(effort):
            with closing(SqliteStore(data)) as store:
                inside.add(size, fill(store, size) | read(store, size))
            with sandbox(data=data) as server:
                figures = {name: _median(work) for name, work in _works(server, size).items()}
            outside.add(size, figures | {"delete all": _delete(data)})
        yield from inside.rows("growth, inside", GOALS)
        yield from outside.rows("growth, over sockets", OVER_SOCKETS)


def _works(server: Server, size: int) -> dict[str, Callable[[], object]]:
    selected = Imap(server.imap, "catchall")
    selected.command("SELECT INBOX")
    fetch = f"FETCH {size - 19}:{size} (UID FLAGS ENVELOPE)"

    def opened() -> None:
        with Imap(server.imap, "catchall") as session:
            session.command("EXAMINE INBOX")
            session.command(fetch)

    def person() -> None:
        with Imap(server.imap, PERSON) as session:
            session.command("EXAMINE INBOX")

    def maildrop() -> None:
        with Pop3(server.pop3, PERSON) as session:
            session.socket.sendall(b"UIDL\r\n")
            session.read(b"\r\n.\r\n", end=b"\r\n.\r\n")
            session.retrieve(1)

    works = (opened, lambda: selected.command(fetch), person, maildrop)
    return dict(zip(OVER_SOCKETS, works, strict=False))


def _delete(data: Path) -> float:
    """In a copy."""
    copy = shutil.copytree(data, data.with_name("copy"))
    os.sync()
    with closing(SqliteStore(copy)) as store:
        store.delete_all(store.new_project().id)  # what is done for the first time takes longer
        project = store.project("default").id
        took = _timed(lambda: store.delete_all(project))
    shutil.rmtree(copy)
    return took


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_timed(work) for _ in range(ROUNDS))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
