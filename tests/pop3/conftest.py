"""A server of a test's own: its project, and sessions of it, without sockets or over TCP."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from conversations import OverTcp, SansIo
from messages import HELLO, new_message

from mailtrap.current import Current
from mailtrap.hub import Hub
from mailtrap.loop import Loop
from mailtrap.message.parse import Octets
from mailtrap.message.summary import Summary
from mailtrap.pop3.session import Session, World
from mailtrap.server import Server
from mailtrap.store import Store
from mailtrap.store.records import Flag
from mailtrap.tls import Tls

ANN = "ann@example.com"


class Pop3:
    """A project, and whoever reads its mail by POP3."""

    def __init__(self, loop: Loop, store: Store, **options: Any) -> None:
        self.loop = loop
        self.store = store
        self.project = store.new_project().id
        self.world = World(store, Current(self.project), **options)
        self._server: Server | None = None
        self._open: list[Any] = []

    def add(self, *messages: Octets, to: str = ANN) -> list[Summary]:
        """Store messages, in this order."""
        adding = [self.store.add(new_message(self.project, octets, rcpt_to=(to,))) for octets in messages or (HELLO,)]
        return [each.result() for each in adding]

    def flags(self, to: str = ANN) -> list[Flag]:
        """The flags of an account's messages, oldest first."""
        return [each.flags for each in self.store.entries(self.store.mailbox(self.project, to).id)]

    def left(self, to: str = ANN) -> list[bytes]:
        """What is in an account's INBOX, oldest first."""
        entries = self.store.entries(self.store.mailbox(self.project, to).id)
        return [self.store.octets(each.number) for each in entries]

    def session(self, **options: Any) -> Session:
        """A session to be driven by hand."""
        return Session(self.world, **options)

    def connect(self) -> SansIo:
        """A session without sockets, greeted."""
        conversation = SansIo(self.session(), self.store.bus)
        self._open.append(conversation)
        assert (conversation.line() or b"").startswith(b"+OK")
        return conversation

    def logged_in(self, name: str = ANN) -> SansIo:
        """The same, after log-in."""
        conversation = self.connect()
        conversation.send(b"USER %b\r\nPASS secret\r\n" % name.encode())
        assert conversation.line() == b"+OK"
        assert (conversation.line() or b"").startswith(b"+OK")
        return conversation

    def over_tcp(self, tls: Tls | None = None, *, at_once: bool = False) -> tuple[str, int]:
        """Where it listens."""
        if self._server is None:
            self._server = self.loop.run(self._serve())
        make: Any = partial(Session, self.world)
        conversation = OverTcp(self.loop, self._server.listener(make, tls, at_once=at_once))
        self._open.append(conversation)
        host, port = conversation.socket.getpeername()[:2]
        return host, port

    def dial(self) -> socket.socket:
        """A connection over TCP."""
        return socket.create_connection(self.over_tcp(), timeout=20)

    async def _serve(self) -> Server:
        return Server(store=self.store, hub=Hub(self.store.bus))

    def close(self) -> None:
        """End everything."""
        for each in self._open:
            each.hang_up()
        if self._server is not None:
            self.loop.run(self._server.shutdown(grace=0))
            self._server.hub.close()


@pytest.fixture
def make_pop3(loop: Loop, store: Store) -> Iterator[Callable[..., Pop3]]:
    """Makes servers with options of their own."""
    made: list[Pop3] = []

    def make(store: Store = store, **options: Any) -> Pop3:
        made.append(Pop3(loop, store, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def pop3(make_pop3: Callable[..., Pop3]) -> Pop3:
    return make_pop3()
