"""Reading and deleting with many messages stored: what must not depend on how many there are."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.mail import message
from mailtrap.accounts import accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import Facts, facts
from mailtrap.search.grammar import parse
from mailtrap.search.tree import Text
from mailtrap.store.records import NewMessage
from mailtrap.store.sqlite import SqliteStore

SIZES = (1_000, 10_000, 100_000)
QUERIES = ("nowhere-to-be-found", "invoice", "from:hello@shop.example.com", "to:user77@load.test", "subject:4711")
VARIETY = 500
"""So many different messages."""


def run() -> None:
    """The same reads at growing sizes, and then the end of it all."""
    samples = [(message(seed=seed), facts(message(seed=seed))) for seed in range(VARIETY)]
    with tempfile.TemporaryDirectory() as directory:
        store = SqliteStore(Path(directory) / "data")
        project = store.project("default").id
        stored = 0
        for size in SIZES:
            _fill(store, project, samples, range(stored, size))
            stored = size
            _read(store, project, size)
        _delete(store, project)
        store.close()


def _fill(store: SqliteStore, project: int, samples: list[tuple[bytes, Facts]], numbers: range) -> None:
    began = time.process_time()
    for start in range(numbers.start, numbers.stop, 100):
        adding = [
            store.add(_new(project, number, *samples[number % VARIETY]))
            for number in range(start, min(start + 100, numbers.stop))
        ]
        for each in adding:
            each.result()
    store.messages(project, parse(QUERIES[0]))
    cpu = (time.process_time() - began) / len(numbers) * 1000
    print(f"Store: {len(numbers)} messages of 5 KB, {cpu:.3f} ms CPU each, index included", flush=True)


def _new(project: int, number: int, octets: bytes, found: Facts) -> NewMessage:
    envelope = Envelope(Address("app@shop.test"), (Address(f"user{number % 1000}@load.test"),))
    return NewMessage(project, "smtp", octets, found, envelope, accounts_of(envelope.rcpt_to), f"s{number // 100}")


def _read(store: SqliteStore, project: int, size: int) -> None:
    page = store.messages(project)
    last = page.summaries[-1]
    catchall = store.mailbox(project, "catchall").id
    reads: dict[str, Callable[[], object]] = {
        "list page": lambda: store.messages(project),
        "middle page": lambda: store.messages(project, before=size // 2),
        "account page": lambda: store.messages(project, account="user77@load.test"),
        "open one": lambda: (store.summary(project, last.id), store.octets(last.number), store.filings(last.number)),
        "accounts": lambda: store.accounts(project),
        "entries": lambda: store.entries(catchall, after=size // 2),
        "mailbox view": lambda: store.view(catchall),
        "200 envelopes": lambda: store.fetch(catchall, range(size // 2, size // 2 + 200), outline=True),
        "mailbox TEXT, absent": lambda: store.search(catchall, Text("headers", QUERIES[0])),
        "mailbox TEXT, often": lambda: store.search(catchall, Text("body", QUERIES[1])),
        **{query: lambda query=query: store.messages(project, parse(query)) for query in QUERIES},  # type: ignore[misc]  # a lambda's default
    }
    for name, read in reads.items():
        times = [_timed(read) for _ in range(20)]
        print(f"  {size:>7} {name:28} median {statistics.median(times):7.2f} ms, worst {max(times):7.2f}", flush=True)


def _delete(store: SqliteStore, project: int) -> None:
    """Delete everything, and go on sending while the space comes back."""
    print(f"  delete all: {_timed(lambda: store.delete_all(project)):.2f} ms for the caller")
    other = store.new_project().id
    new = _new(other, 1, message(), facts(message()))
    times: list[float] = []
    began = time.process_time()
    while store._reclaim.due:
        times.append(_timed(lambda: store.add(new).result()))
        time.sleep(0.1)
    times.sort()
    print(
        f"  an add meanwhile: median {statistics.median(times):.2f} ms, p99 {times[len(times) * 99 // 100]:.2f}; "
        f"all space back after {time.process_time() - began:.1f} s of CPU",
        flush=True,
    )


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
