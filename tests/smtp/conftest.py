"""A server of a test's own: its project, its limits, and conversations with it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from conversations import Conversation, InMemory, OverTcp
from faulty import Watched
from policies import with_policies

from mailtrap.current import Current
from mailtrap.faults import Faults
from mailtrap.loop import Loop
from mailtrap.message.summary import Summary
from mailtrap.smtp.server import Factory
from mailtrap.store import Store
from mailtrap.store.records import Refusal
from mailtrap.tls import Tls


class Server:
    """A factory, the project it files mail in, and the conversations that a test has with it."""

    def __init__(self, loop: Loop, store: Store) -> None:
        self.loop = loop
        self.store = store
        self.project = store.new_project().id
        self.current = Current(self.project)
        self.factories: list[Factory] = []
        self.factory = self.with_limits()
        self.conversations: list[Any] = []
        self.ports: list[asyncio.Server] = []

    def with_limits(self, **limits: Any) -> Factory:
        """From now on connect to a server with these."""
        self.factory = Factory(store=self.store, current=self.current, **with_policies(limits))
        self.factories.append(self.factory)
        return self.factory

    def connect(self, way: type[Conversation] = InMemory) -> Any:
        """A new conversation; the greeting is still to be read."""
        conversation = way(self.loop, self.factory)  # type: ignore[call-arg]  # of one of the two that can be made
        self.conversations.append(conversation)
        return conversation

    def listen(self, protocols: Callable[[], asyncio.BaseProtocol]) -> tuple[str, int]:
        """The address of a new port, to which nobody has connected yet."""

        async def serve() -> asyncio.Server:
            return await asyncio.get_running_loop().create_server(protocols, "127.0.0.1", 0)

        self.ports.append(self.loop.run(serve()))
        host, port = self.ports[-1].sockets[0].getsockname()
        return host, port

    def greeted(self, way: type[Conversation] = InMemory) -> Any:
        """A conversation after EHLO."""
        conversation = self.connect(way)
        conversation.line()
        assert conversation.ask(b"EHLO client.example").startswith(b"250")
        return conversation

    def in_data(self, way: type[Conversation] = InMemory) -> Any:
        """A conversation that waits for the data."""
        conversation = self.greeted(way)
        assert conversation.ask(b"MAIL FROM:<ann@example.com>").startswith(b"250")
        assert conversation.ask(b"RCPT TO:<bob@example.com>").startswith(b"250")
        assert conversation.ask(b"DATA").startswith(b"354")
        return conversation

    def messages(self) -> list[Summary]:
        """What was stored, oldest first."""
        return self.store.messages(self.project).summaries[::-1]

    def octets(self) -> list[bytes]:
        """The messages that were stored, oldest first."""
        return [self.store.octets(summary.number) for summary in self.messages()]

    def refusals(self) -> list[Refusal]:
        """The transactions on record that ended without a message."""
        return self.store.refusals(self.project)


@pytest.fixture
def server(loop: Loop, store: Store) -> Iterator[Server]:
    server = Server(loop, store)
    yield server
    for conversation in server.conversations:
        conversation.hang_up()
    for port in server.ports:
        loop.call(port.close)
    for factory in server.factories:
        loop.run(factory.shutdown(grace=0))


@pytest.fixture
def clock() -> Iterator[Watched]:
    """What faults go by."""
    clock = Watched()
    yield clock
    clock.close()


@pytest.fixture
def faults(server: Server, clock: Watched) -> Faults:
    """The faults of the server: none yet."""
    faults = Faults(clock)
    server.with_limits(faults=faults, clock=clock)
    return faults


@pytest.fixture(scope="module")
def tls() -> Tls:
    return Tls()


@pytest.fixture
def trusting(tls: Tls) -> ssl.SSLContext:
    """A client that trusts our CA and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=tls.ca_pem().decode())
    return context


class Ports:
    """A plain port with STARTTLS and one for TLS, of one server."""

    def __init__(self, server: Any, tls: Tls) -> None:
        self.server = server
        self.tls = tls
        self.undo = ExitStack()
        self.with_limits()

    def with_limits(self, **limits: Any) -> None:
        self.factory = self.server.with_limits(tls=self.tls, **limits)

    def port(self, **kind: bool) -> int:
        return self.server.listen(self.factory.listener(**kind))[1]

    @property
    def submission(self) -> int:
        return self.port(starttls=True)

    @property
    def smtps(self) -> int:
        return self.port(at_once=True)

    def raw(self) -> OverTcp:
        """A conversation with the port that offers STARTTLS, greeted."""
        conversation = OverTcp(self.server.loop, self.factory.listener(starttls=True))
        self.undo.callback(conversation.hang_up)
        conversation.line()
        conversation.ask(b"EHLO client.example")
        return conversation


@pytest.fixture
def ports(server: Any, tls: Tls) -> Iterator[Ports]:
    ports = Ports(server, tls)
    with ports.undo:
        yield ports
