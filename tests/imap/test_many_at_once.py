"""Several clients over TCP, each in a thread of its own, and mail that comes in meanwhile: nobody loses track."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from threading import Barrier

import pytest
from conversations import OverTcp
from imap_picture import BY_NUMBER, Picture
from imap_reader import Value, response
from messages import new_message

from mailtrap.current import Current
from mailtrap.hub import Hub
from mailtrap.imap.session import Session, World
from mailtrap.loop import Loop
from mailtrap.server import Server
from mailtrap.store import Store

ANN = "ann@example.com"
CLIENTS, COMMANDS, MESSAGES = 4, 120, 60
FLAGS = (r"\Seen", r"\Flagged", r"\Deleted", "$Work")


class Client:
    """A client that asks at random, and believes what it is told."""

    def __init__(self, conversation: OverTcp, seed: int) -> None:
        self.conversation = conversation
        self.random = Random(seed)
        self.picture = Picture()
        conversation.line()
        self.command(f"LOGIN {ANN} x")
        self.command("SELECT INBOX")

    def command(self, text: str) -> list[Value]:
        self.conversation.send(f"t {text}\r\n".encode())
        while (said := self.read())[0] != "t":
            self.picture.hear(said[1:], expunges=not text.startswith(BY_NUMBER))
        return said

    def idle(self) -> None:
        self.conversation.send(b"t IDLE\r\n")
        self.read()
        self.conversation.send(b"DONE\r\n")
        while (said := self.read())[0] != "t":
            self.picture.hear(said[1:], expunges=True)

    def read(self) -> list[Value]:
        line = self.conversation.line()
        assert line is not None
        return response(line + b"\r\n")

    def anything(self) -> None:
        """One command of those that a client may give."""
        what = self.random.randrange(10)
        if what == 0 or not self.picture.uids:
            self.command("NOOP")
        elif what == 1:
            self.idle()
        elif what == 2:
            self.command("EXPUNGE")
        elif what == 3:
            self.command("APPEND INBOX {1+}\r\nx")
        elif what == 4:
            self.command(f"COPY {self.some()} INBOX")
        elif what == 5:
            self.command(f"MOVE {self.some()} INBOX")
        elif what == 6:
            self.command(f"FETCH {self.some()} (UID FLAGS)")
        else:
            how, silent = self.random.choice(["", "+", "+", "-"]), self.random.choice(["", ".SILENT"])
            self.flag(self.some(), how, silent, self.random.choice(FLAGS))

    def flag(self, number: int, how: str, silent: str, flag: str) -> None:
        known = self.picture.flags[number - 1]
        if silent and known is not None:
            recent = known & {r"\Recent"}
            self.picture.flags[number - 1] = (
                known | {flag} if how == "+" else known - {flag} if how else recent | {flag}
            )
        self.command(f"STORE {number} {how}FLAGS{silent} ({flag})")

    def some(self) -> int:
        return self.random.randint(1, len(self.picture.uids))


@pytest.fixture
def world(store: Store) -> World:
    return World(store, Current(store.new_project().id))


@pytest.fixture
def server(loop: Loop, store: Store) -> Iterator[Server]:
    async def serve() -> Server:
        return Server(store=store, hub=Hub(store.bus))

    running = loop.run(serve())
    yield running
    loop.run(running.shutdown(grace=0))
    running.hub.close()


@pytest.mark.parametrize("seed", range(3))
def test_pictures_are_right_in_the_end(loop: Loop, server: Server, world: World, seed: int) -> None:
    together = Barrier(CLIENTS + 1)
    conversations = [OverTcp(loop, server.listener(partial(Session, world))) for _ in range(CLIENTS)]
    clients = [Client(each, seed * CLIENTS + number) for number, each in enumerate(conversations)]

    def ask(client: Client) -> None:
        together.wait()
        for _ in range(COMMANDS):
            client.anything()

    def deliver() -> None:
        together.wait()
        for _ in range(MESSAGES):
            world.store.add(new_message(world.current.project, rcpt_to=(ANN,))).result()

    with ThreadPoolExecutor() as threads:
        for done in [threads.submit(deliver), *(threads.submit(ask, client) for client in clients)]:
            done.result()
    for client in clients:
        client.command("NOOP")

    mailbox = world.store.mailbox(world.current.project, ANN)
    entries = world.store.entries(mailbox.id, limit=10_000)
    for client in clients:
        told = client.picture.flags
        assert len(told) == len(entries)
        client.command("FETCH 1:* (UID FLAGS)")
        assert client.picture.uids == [entry.uid for entry in entries]
        assert [each for each, now in zip(told, client.picture.flags, strict=True) if each not in (None, now)] == []
    for conversation in conversations:
        conversation.hang_up()
