"""Reading and deleting with many messages stored: what must not depend on how many there are."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from benchmarks.mail import message
from benchmarks.report import OURS, AtMost, Effort, Flat, Goal, Row
from mailtrap.accounts import accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import Facts, facts
from mailtrap.search.grammar import parse
from mailtrap.search.tree import Text
from mailtrap.store.records import NewMessage
from mailtrap.store.sqlite import SqliteStore

SIZES = (1_000, 10_000, 100_000)
QUERIES = {
    "search, in none": "nowhere-to-be-found",
    "search, in nearly all": "invoice",
    "search `from:`, in all": "from:hello@shop.example.com",
    "search `to:`, in fifty": "to:fifty@load.test",
    "search `subject:`, in none": "subject:4711",
}
ABSENT, OFTEN, *_ = QUERIES.values()
VARIETY = 500
"""So many different messages."""

GOALS: dict[str, tuple[Goal, ...]] = {
    "list page": (AtMost(5), Flat()),
    "page in the middle": (AtMost(5), Flat()),
    "page of an account": (AtMost(5), Flat()),
    "open one": (AtMost(5), Flat()),
    "add one, CPU, with full text": (Flat(1.3),),
    **dict.fromkeys(QUERIES, (AtMost(10), Flat())),
}


def run(effort: Effort) -> Iterator[Row]:
    """The same reads at growing sizes, and then the end of it all."""
    with tempfile.TemporaryDirectory() as directory:
        store = SqliteStore(Path(directory) / "data")
        found = Growing()
        for size in effort_sizes(effort):
            found.add(size, fill(store, size) | read(store, size))
        yield from found.rows("inside", GOALS)
        yield from delete(store)
        store.close()


def effort_sizes(effort: Effort) -> tuple[int, ...]:
    """How many messages are stored, one after the other."""
    return (500, 5_000) if effort.quick else (*SIZES, 1_000_000) if effort.large else SIZES


class Growing:
    """Figures by work and by how many messages are stored."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, float]] = {}

    def add(self, size: int, figures: dict[str, float]) -> None:
        """What was found with *size* messages."""
        for work, figure in figures.items():
            self._found.setdefault(work, {})[f"{size:,}"] = figure

    def rows(self, table: str, goals: Mapping[str, tuple[Goal, ...]]) -> Iterator[Row]:
        """A row for each work."""
        for work, figures in self._found.items():
            yield Row(table, work, figures, goals=goals.get(work, ()), by_size=True)


def fill(store: SqliteStore, size: int) -> dict[str, float]:
    """Add messages until *size* are stored; gives what each took."""
    project = store.project("default").id
    samples = [(message(seed=seed), facts(message(seed=seed))) for seed in range(VARIETY)]
    stored = store.messages(project, limit=1).total
    began = time.process_time()
    for start in range(stored, size, 100):
        adding = [
            store.add(_new(project, number, *samples[number % VARIETY]))
            for number in range(start, min(start + 100, size))
        ]
        for each in adding:
            each.result()
    store.messages(project, parse(ABSENT))
    return {"add one, CPU, with full text": (time.process_time() - began) / (size - stored) * 1000}


def _new(project: int, number: int, octets: bytes, found: Facts) -> NewMessage:
    envelope = Envelope(Address("app@shop.test"), (Address(f"{_whom(number)}@load.test"),))
    return NewMessage(project, "smtp", octets, found, envelope, accounts_of(envelope.rcpt_to), f"s{number // 100}")


def _whom(number: int) -> str:
    """A thousand people; and one who has a page full of mail, however many messages there are."""
    return "fifty" if number < 1000 and number % 20 == 0 else f"user{number % 1000}"


def read(store: SqliteStore, size: int) -> dict[str, float]:
    """How long each read takes, median of twenty."""
    project = store.project("default").id
    page = store.messages(project)
    last = page.summaries[-1]
    catchall = store.mailbox(project, "catchall").id
    reads: dict[str, Callable[[], object]] = {
        "list page": lambda: store.messages(project),
        "page in the middle": lambda: store.messages(project, before=size // 2),
        "page of an account": lambda: store.messages(project, account="fifty@load.test"),
        "open one": lambda: (store.summary(project, last.id), store.octets(last.number), store.filings(last.number)),
        "accounts": lambda: store.accounts(project),
        "IMAP: entries of a mailbox": lambda: store.entries(catchall, after=size // 2),
        "IMAP: SELECT": lambda: store.view(catchall),
        "IMAP: 200 ENVELOPEs": lambda: store.fetch(catchall, range(size // 2, size // 2 + 200), outline=True),
        "IMAP: TEXT, in none": lambda: store.search(catchall, Text("headers", ABSENT)),
        "IMAP: TEXT, in very many": lambda: store.search(catchall, Text("body", OFTEN)),
        **{name: partial(store.messages, project, parse(query)) for name, query in QUERIES.items()},
    }
    return {name: statistics.median(_timed(work) for _ in range(20)) for name, work in reads.items()}


def delete(store: SqliteStore) -> Iterator[Row]:
    """Delete everything, and go on sending while the space comes back."""
    os.sync()
    project = store.project("default").id
    took = _timed(lambda: store.delete_all(project))
    other = store.new_project().id
    new = _new(other, 1, message(), facts(message()))
    times: list[float] = []
    began = time.process_time()
    while store._reclaim.due:
        times.append(_timed(lambda: store.add(new).result()))
        time.sleep(0.1)
    cpu = time.process_time() - began
    yield Row("delete", "delete all, inside the server", {OURS: took}, goals=(AtMost(10),))
    if times:
        times.sort()
        yield Row("delete", "an add while the space comes back, median", {OURS: statistics.median(times)})
        yield Row("delete", "the same, 99th percentile", {OURS: times[len(times) * 99 // 100]})
    yield Row("delete", "CPU until all space is back", {OURS: cpu}, "s")


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
