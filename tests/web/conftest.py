"""The API over a store of its own, without sockets (`client`), and over sockets in a running sandbox (`live`)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from mailtrap.accounts import accounts_of
from mailtrap.configured import Accounts
from mailtrap.current import Current
from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import facts
from mailtrap.message.summary import Origin, Summary
from mailtrap.sandbox import Sandbox
from mailtrap.store import Store
from mailtrap.store.records import NewMessage
from mailtrap.store.sqlite import SqliteStore
from mailtrap_web.app import create_app
from mailtrap_web.world import World

Put = Callable[..., Summary]

HELLO = b"From: Shop <shop@shop.test>\r\nTo: ann@example.com\r\nSubject: Hello\r\n\r\nHello, Ann.\r\n"


def put_into(store: Store, current: Current) -> Put:
    """A function that stores a message as if it had come by SMTP."""

    def put(
        octets: bytes = HELLO,
        *,
        mail_from: str = "bounce@shop.test",
        rcpt_to: tuple[str, ...] = ("ann@example.com",),
        origin: Origin = "smtp",
        session: str | None = None,
    ) -> Summary:
        envelope = Envelope(Address(mail_from), tuple(map(Address, rcpt_to)), helo="app.test", peer="127.0.0.1:4711")
        found = facts(octets)
        new = NewMessage(current.project, origin, octets, found, envelope, accounts_of(rcpt_to), session)
        return store.add(new).result()

    return put


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(SqliteStore()) as opened:
        yield opened


@pytest.fixture
def current(store: Store) -> Current:
    return Current(store.project("default").id)


@pytest.fixture
def put(store: Store, current: Current) -> Put:
    return put_into(store, current)


@pytest.fixture
def accounts(store: Store) -> Accounts:
    return Accounts(store)


@pytest.fixture
def client(store: Store, current: Current, accounts: Accounts) -> FlaskClient:
    """The Flask half by itself."""
    world = World(
        store=store,
        current=current,
        accounts=accounts,
        addresses={"smtp": ("127.0.0.1", 1025)},
        json_limit=100_000,
        import_limit=1_000_000,
    )
    return create_app(world).test_client()


@dataclass(frozen=True)
class Live:
    """A sandbox that speaks HTTP, in a world of this test's own."""

    sandbox: Sandbox
    put: Put

    @property
    def address(self) -> tuple[str, int]:
        return self.sandbox.address("http")

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request, on a connection of its own."""
        return requests.request(method, f"http://{self.address[0]}:{self.address[1]}{path}", timeout=30, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.ask("GET", path, **more)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=30)

    def raw(self, *pieces: bytes) -> bytes:
        """What comes back, until the server closes, when *pieces* are sent as they are."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            answer = b""
            while received := connection.recv(1 << 16):
                answer += received
            return answer


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(http=0, json_limit="100KiB", import_limit="1MiB") as sandbox:
        yield sandbox


@pytest.fixture
def impatient() -> Iterator[Live]:
    """One that waits for nobody."""
    with Sandbox(http=0, command_timeout="400ms") as sandbox:
        yield Live(sandbox, put_into(sandbox.store, sandbox.current))


@pytest.fixture
def alone() -> Iterator[Live]:
    """One that is the test's own."""
    with Sandbox(http=0) as sandbox:
        yield Live(sandbox, put_into(sandbox.store, sandbox.current))


@pytest.fixture
def live(running: Sandbox) -> Iterator[Live]:
    with running.current.set_to(running.store.new_project().id):
        yield Live(running, put_into(running.store, running.current))
