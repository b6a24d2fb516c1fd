"""Stores with messages of every kind in them, and what of them must come through."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailtrap.accounts import accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import examined
from mailtrap.portable import passage
from mailtrap.portable.record import Record
from mailtrap.remote import Remote
from mailtrap.sandbox import Sandbox
from mailtrap.store import Store
from mailtrap.store.records import Flag, NewMessage
from mailtrap.store.sqlite import SqliteStore
from mailtrap.transfer.places import reader, writer
from mailtrap.transfer.stores import InDirectory, Messages, OnServer
from mailtrap.transfer.work import Count, bring_in, take_out

FORMS = ("eml", "mbox", "maildir", "zip")
LIMIT = 1 << 20
ENVELOPES = (
    Envelope(Address("app@shop.test"), (Address("ann@example.com"), Address("bob@example.com"))),
    Envelope(
        Address("b\udcfcro@shop.test", parameters=("BODY=8BITMIME", "ENVID=a+20b")),
        (Address("ann+x@example.com", parameters=("NOTIFY=NEVER",)), Address("ünï@bücher.test")),
        helo="app.test",
        user="job-4711",
        peer="127.0.0.1:4711",
        tls="TLSv1.3",
        started=datetime(2025, 1, 31, 12, 0, 0, 123456, UTC),
    ),
    Envelope(Address(""), (Address("postmaster"),), helo="[127.0.0.1]"),
    None,
)
FLAGS = (Flag(0), Flag.SEEN, Flag.FLAGGED | Flag.SEEN, Flag.ANSWERED, Flag.DRAFT | Flag.DELETED)
TAGS = ((), ("welcome",), ("zwei", "eins", "schön"))


class Quiet:
    """A watcher who writes down what is said."""

    def __init__(self) -> None:
        self.count = Count()
        self.units = self.advanced = 0
        self.failures: list[tuple[str, str]] = []
        self.warnings: list[str] = []

    def begin(self, units: int) -> None:
        self.units, self.advanced = units, 0

    def advance(self, units: int) -> None:
        self.advanced += units

    def fail(self, where: str, reason: str) -> None:
        self.failures.append((where, reason))


def new(number: int, octets: bytes, project: int) -> NewMessage:
    """A message, with something of everything that can be known of one."""
    envelope = ENVELOPES[number % len(ENVELOPES)]
    return NewMessage(
        project=project,
        origin="smtp",
        octets=octets,
        facts=examined(octets),
        envelope=envelope,
        accounts=accounts_of(envelope.rcpt_to, envelope.user) if envelope else accounts_of(()),
        received_at=datetime(2025, 1, 31, 12, 0, 0, number, UTC) + timedelta(minutes=number),
        tags=TAGS[number % len(TAGS)],
        flags=FLAGS[number % len(FLAGS)],
        pinned=number % 7 == 0,
    )


def fill(store: Store, messages: Sequence[bytes]) -> None:
    project = store.project("default").id
    for each in [store.add(new(number, octets, project)) for number, octets in enumerate(messages)]:
        each.result()


def known(store: Store) -> list[tuple[Record, bytes]]:
    """Everything that must come through, oldest first. (The origin is another.)"""
    project = store.project("default").id
    summaries = []
    before = None
    while True:
        page = store.messages(project, before=before, limit=200)
        summaries += page.summaries
        if (before := page.next) is None:
            break
    return list(passage.read(store, reversed(summaries)))


class Side:
    """A store, and how its messages are reached."""

    def __init__(self, store: Store, messages: Messages) -> None:
        self.store, self.messages = store, messages

    def fill(self, messages: Sequence[bytes]) -> None:
        fill(self.store, messages)

    def known(self) -> list[tuple[Record, bytes]]:
        return known(self.store)

    def octets(self) -> list[bytes]:
        return [octets for _, octets in self.known()]

    def export(self, path: Path, form: str | None = None, query: str = "") -> Quiet:
        watcher = Quiet()
        to = writer(path, form)
        try:
            take_out(self.messages, query, to, watcher)
        finally:
            to.close()
        return watcher

    def import_(self, path: Path, form: str | None = None, limit: int = LIMIT) -> Quiet:
        watcher = Quiet()
        found = reader(path, form, limit)
        bring_in(found, self.messages, watcher)
        watcher.warnings = found.warnings
        return watcher


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Callable[[str], Side]]:
    """Open a store in a directory of that name; the same is opened anew."""
    stores: dict[str, SqliteStore] = {}

    def opened(name: str) -> Side:
        if name in stores:
            stores.pop(name).close()
        store = stores[name] = SqliteStore(tmp_path / name)
        return Side(store, InDirectory(store, store.project("default").id))

    yield opened
    for each in stores.values():
        each.close()


@pytest.fixture
def served() -> Iterator[Side]:
    """The store of a sandbox that runs, reached over REST."""
    with Sandbox(http=0) as sandbox, closing(OnServer(Remote(sandbox.url))) as messages:
        yield Side(sandbox.store, messages)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    """``mailtrap`` with these arguments, in a process of its own, without any of our variables."""
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(filter(None, sys.path)), "NO_COLOR": "1"}

    def command(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mailtrap", *arguments],
            cwd=tmp_path,
            env=environ | more,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return command
