"""A server of a test's own: its project, its limits, and conversations with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conversations import Conversation, InMemory
from policies import with_policies

from mailtrap.current import Current
from mailtrap.loop import Loop
from mailtrap.message.summary import Summary
from mailtrap.smtp.server import Factory
from mailtrap.store import Store
from mailtrap.store.records import Refusal


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
    for factory in server.factories:
        loop.run(factory.shutdown(grace=0))
