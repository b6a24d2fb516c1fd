"""The driver: what a session says reaches its peer, whatever the peer, the session and the events do meanwhile."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from conversations import InMemory
from faulty import Watched
from loops import LOOPS, loops_are

from mailtrap.bus import Bus, Deleted, Emptied, Event, ProjectDeleted, Removed
from mailtrap.driver import Driver
from mailtrap.engine import Session
from mailtrap.hub import Hub
from mailtrap.loop import Loop
from mailtrap.pausing import Pausing, Wrong
from mailtrap.server import Server
from mailtrap.tls import Tls
from mailtrap.transcript import Transcript

PATIENCE = 20.0


class Echo(Pausing):
    """A made-up protocol of lines, each of which is carried out as its first word says."""

    def __init__(self, world: World, *, peer: str, local: str, tls: str | None) -> None:
        self.world = world
        self.transcript = Transcript("echo", peer, local)
        self.closing = self.starting_tls = self.blocking = self.wants_more = False
        self.idle_limit = world.idle_limit
        self.mailbox: int | None = None
        self.project: int | None = None
        self.tls = tls
        self.input = b""
        self.threads: list[int] = []
        self.heard: list[Event] = []
        self.working = False
        self.over = 0
        world.sessions.append(self)

    def connected(self, *, at_once: bool) -> Iterator[bytes]:
        self.at_once = at_once
        if self.world.first:
            yield from getattr(self, self.world.first[0])(*self.world.first[1:])

    def greet(self) -> Iterator[bytes]:
        yield b"hello\r\n"

    def receive(self, data: bytes) -> Iterator[bytes]:
        self.input += data
        self.working = True
        while b"\r\n" in self.input and not (self.closing or self.starting_tls or self.hanging):
            line, _, self.input = self.input.partition(b"\r\n")
            word, *rest = line.decode().split()
            yield from getattr(self, word)(*rest)
        self.working = False
        yield from self.told()
        self.wants_more = bool(self.input)

    def notify(self, event: Event) -> Iterator[bytes]:
        self.heard.append(event)
        self.world.heard.set()
        return iter(()) if self.working else self.told()

    def told(self) -> Iterator[bytes]:
        while self.heard:
            yield b"event %d\r\n" % self.heard.pop(0).modseq

    def secured(self, version: str) -> None:
        self.tls, self.input = version, b""

    def eof(self) -> Iterator[bytes]:
        yield b"eof\r\n"

    def dismiss(self, text: str) -> Iterator[bytes]:
        self.closing = True
        yield b"bye: " + text.encode() + b"\r\n"

    def ended(self) -> None:
        self.over += 1
        self.world.ended.set()

    # -- the commands

    def say(self, *words: str) -> Iterator[bytes]:
        yield " ".join(words).encode() + b"\r\n"

    def quit(self) -> Iterator[bytes]:
        self.closing = True
        yield b"bye\r\n"

    def much(self, chunks: str) -> Iterator[bytes]:
        """Many chunks of 64 KiB."""
        for _ in range(int(chunks)):
            self.world.made += 1
            yield b"x" * 65534 + b"\r\n"

    def enter(self, mailbox: str, project: str = "1") -> Iterator[bytes]:
        self.mailbox, self.project = int(mailbox), int(project)
        yield b"entered\r\n"

    def think(self) -> Iterator[bytes]:
        """Take long, in a thread, until the test lets it go on."""
        self.blocking = True
        yield b""
        self.threads.append(threading.get_ident())
        self.world.thinking.set()
        assert self.world.think.wait(PATIENCE)
        self.blocking = False
        yield b"thought\r\n"
        self.threads.append(threading.get_ident())

    def starttls(self) -> Iterator[bytes]:
        self.starting_tls = True
        yield b"go ahead\r\n"

    def version(self) -> Iterator[bytes]:
        yield str(self.tls).encode() + b"\r\n"

    def wait(self, seconds: str) -> Iterator[bytes]:
        self.pause = float(seconds)
        yield b""
        yield b"waited\r\n"

    def slowly(self, pace: str) -> Iterator[bytes]:
        self.pace = float(pace)
        yield b""

    def hang(self) -> Iterator[bytes]:
        self.hanging = True
        yield b""

    def drop(self, how: str) -> Iterator[bytes]:
        self.closing, self.dropping = True, "reset" if how == "reset" else "close"
        yield b"dropping\r\n"

    def fail(self) -> Iterator[bytes]:
        yield b"so far\r\n"
        raise LookupError("a bug")


class Kept:
    """Stands where the store does: whose transcripts begin and end."""

    def __init__(self) -> None:
        self.opened: list[Transcript] = []
        self.closed: list[Transcript] = []
        self.open_session = self.opened.append
        self.close_session = self.closed.append


class World:
    """A server of that protocol in a loop, its bus, and what the sessions did."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.bus = Bus()
        self.idle_limit = 1000.0
        self.sessions: list[Echo] = []
        self.made = 0
        self.first: tuple[str, ...] = ()
        """What a session does before it greets."""
        self.clock = Watched()
        self.think, self.thinking, self.heard, self.ended = (threading.Event() for _ in range(4))
        self.store: Any = Kept()
        self.server = loop.run(self._make())
        self.undo = ExitStack()

    async def _make(self, **limits: Any) -> Server:
        return Server(store=self.store, hub=Hub(self.bus), clock=self.clock, **limits)

    def with_limits(self, **limits: Any) -> None:
        self.server = self.loop.run(self._make(**limits))

    def session(self, *, peer: str, local: str, tls: str | None) -> Session:
        return Echo(self, peer=peer, local=local, tls=tls)

    def connect(self, tls: Tls | None = None, *, at_once: bool = False) -> Peer:
        port = self.loop.run(_listen(self.server.listener(self.session, tls, at_once=at_once), self.undo))
        peer = Peer(port)
        self.undo.callback(peer.close)
        return peer

    def inside(self, place: bytes) -> Peer:
        """A peer that was greeted, and has entered a mailbox, or one of a project: ``7``, ``7 2``."""
        peer = self.connect()
        peer.line()
        peer.ask(b"enter " + place)
        return peer

    def in_memory(self) -> InMemory:
        peer = InMemory(self.loop, self.server.listener(self.session))
        assert peer.line() == b"hello"
        return peer

    def close(self) -> None:
        self.think.set()
        self.loop.run(self.server.shutdown(grace=0))
        self.loop.run(_in_loop(self.undo.close))
        self.clock.close()

    def until(self, what: Callable[[Driver], object]) -> None:
        """Wait for something to be so with the only connection there is."""
        while not all(map(what, tuple(self.server._drivers))):
            pass


async def _listen(factory: Callable[[], Any], undo: ExitStack) -> int:
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    undo.callback(server.close)
    return int(server.sockets[0].getsockname()[1])


async def _in_loop(function: Callable[[], object]) -> None:
    function()


class Peer:
    """The other end of a real connection."""

    def __init__(self, port: int) -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.file = self.socket.makefile("rb")

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def line(self) -> bytes:
        return self.file.readline()

    def ask(self, octets: bytes) -> bytes:
        self.send(octets + b"\r\n")
        return self.line()

    def rest(self) -> bytes:
        return self.file.read()

    def drain(self) -> None:
        """Read all that comes, and forget it."""
        with suppress(OSError):
            while self.socket.recv(1 << 16):
                pass

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def secure(self, ca: bytes, name: str = "localhost", version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = context.maximum_version = version
        context.load_verify_locations(cadata=ca.decode())
        self.file.close()
        self.socket = context.wrap_socket(self.socket, server_hostname=name)
        self.file = self.socket.makefile("rb")

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def vanish(self) -> None:
        """Be gone with a reset, as a crashed client is."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()


@pytest.fixture(scope="module", params=LOOPS)
def loop(request: pytest.FixtureRequest) -> Iterator[Loop]:
    with loops_are(request.param):
        loop = Loop()
        loop.start()
    yield loop
    loop.stop()


@pytest.fixture
def world(loop: Loop) -> Iterator[World]:
    world = World(loop)
    yield world
    world.close()


@pytest.fixture(scope="session")
def tls() -> Tls:
    return Tls(names=("mail.example",))


def added(modseq: int, mailbox: int) -> Removed:
    return Removed(1, modseq, mailbox, (1,))


# -- input and output


def test_what_is_asked_is_answered_without_a_task(world: World) -> None:
    peer = world.connect()

    assert peer.line() == b"hello\r\n"
    assert peer.ask(b"say one") == b"one\r\n"
    [driver] = world.server._drivers
    assert driver._task is None


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_pieces_do_not_matter(world: World, size: int) -> None:
    peer = world.in_memory()
    peer.send(b"say one\r\nsay two\r\nthink\r\nsay three\r\n", size)
    world.think.set()

    assert [peer.line() for _ in range(4)] == [b"one", b"two", b"thought", b"three"]


def test_a_group_is_answered_in_one_write(world: World) -> None:
    peer = world.in_memory()
    peer.writes.clear()
    peer.send(b"say one\r\nsay two\r\nsay three\r\n")
    assert [peer.line() for _ in range(3)] == [b"one", b"two", b"three"]

    assert peer.writes == [b"one\r\ntwo\r\nthree\r\n"]


def test_a_peer_that_does_not_read_stops_the_session_that_writes_to_it(world: World) -> None:
    peer, other = world.connect(), world.connect()
    peer.send(b"much 2000\r\nsay done\r\n")
    assert (other.line(), other.ask(b"say fine")) == (b"hello\r\n", b"fine\r\n")
    for _ in range(50):  # whatever could be written meanwhile would have been
        other.ask(b"say fine")

    assert world.made < 500
    assert sum(len(peer.line()) for _ in range(2001)) == 2000 * 65536 + len(b"hello\r\n")
    assert peer.line() == b"done\r\n"


def test_a_session_that_says_much_leaves_others_their_turn(world: World) -> None:
    greedy, other = world.connect(), world.connect()
    assert (greedy.line(), other.line()) == (b"hello\r\n", b"hello\r\n")
    reading = threading.Thread(target=greedy.drain)
    reading.start()
    greedy.send(b"much 5000\r\nquit\r\n")
    assert other.ask(b"say fine") == b"fine\r\n"

    assert world.made < 5000
    greedy.socket.shutdown(socket.SHUT_RDWR)
    reading.join(PATIENCE)


def test_what_blocks_is_done_in_another_thread_and_nothing_else(world: World) -> None:
    peer, other = world.connect(), world.connect()
    peer.line(), other.line()
    peer.send(b"think\r\nsay after\r\n")
    assert world.thinking.wait(PATIENCE)
    assert other.ask(b"say fine") == b"fine\r\n"
    world.think.set()

    assert (peer.line(), peer.line()) == (b"thought\r\n", b"after\r\n")
    blocked, afterwards = world.sessions[0].threads
    assert blocked != afterwards == world.server.hub._thread


def test_input_that_comes_meanwhile_waits_within_bounds(world: World) -> None:
    peer = world.connect()
    peer.line()
    peer.send(b"think\r\n")
    assert world.thinking.wait(PATIENCE)
    sending = threading.Thread(target=peer.send, args=(b"say more\r\n" * 100_000,))
    sending.start()
    [driver] = world.server._drivers
    while not driver._paused:
        pass
    held = len(driver._input)
    world.think.set()

    assert held <= 3 << 18
    assert peer.line() == b"thought\r\n"
    assert {peer.line() for _ in range(100_000)} == {b"more\r\n"}
    sending.join(PATIENCE)


def test_a_half_close_is_answered_to_the_end(world: World) -> None:
    peer = world.connect()
    peer.send(b"think\r\nsay one\r\n")
    peer.half_close()
    world.think.set()

    assert peer.rest() == b"hello\r\nthought\r\none\r\neof\r\n"
    assert world.ended.wait(PATIENCE)


def test_after_good_bye_nothing_is_carried_out(world: World) -> None:
    peer = world.connect()
    peer.send(b"quit\r\nsay more\r\n")

    assert peer.rest() == b"hello\r\nbye\r\n"


# -- peers that vanish


def test_what_a_vanished_peer_asked_for_is_still_carried_out(world: World) -> None:
    peer = world.connect()
    peer.line()
    peer.send(b"think\r\nenter 7\r\n")
    assert world.thinking.wait(PATIENCE)
    peer.vanish()
    world.think.set()

    assert world.ended.wait(PATIENCE)
    assert world.sessions[0].mailbox == 7


def test_what_is_only_said_to_it_is_given_up(world: World) -> None:
    peer = world.connect()
    peer.send(b"much 100000\r\n")
    peer.line()
    peer.vanish()

    assert world.ended.wait(PATIENCE)
    assert world.made < 10_000
    assert world.server._drivers == set()


def test_a_session_ends_once_and_so_does_its_transcript(world: World) -> None:
    peer = world.connect()
    peer.send(b"quit\r\n")
    peer.rest()
    peer.vanish()

    assert world.ended.wait(PATIENCE)
    world.loop.run(world.server.shutdown())
    assert world.sessions[0].over == 1
    assert world.store.opened == world.store.closed == [world.sessions[0].transcript]


# -- events


def test_an_event_reaches_those_whose_mailbox_it_concerns_and_nobody_else(world: World) -> None:
    peers = [world.inside(each) for each in (b"7", b"7", b"8")]
    world.bus.publish(added(1, 7))
    world.bus.publish(Deleted(1, 2, (), (), "deleted", {8: (1,), 9: (2,)}))

    assert [peers[0].line(), peers[1].line(), peers[2].line()] == [b"event 1\r\n", b"event 1\r\n", b"event 2\r\n"]
    assert [peer.ask(b"say no more") for peer in peers] == [b"no more\r\n"] * 3


def test_an_event_is_heard_before_whatever_is_asked_after_it(world: World) -> None:
    peers = [world.in_memory() for _ in range(50)]
    for peer in peers:
        peer.send(b"enter 7\r\n")
        assert peer.line() == b"entered"

    def told_and_asked() -> None:
        world.bus.publish(added(1, 7))
        for peer in peers:
            peer._deliver(b"say mine\r\n")

    world.loop.call(told_and_asked)

    assert [[peer.line(), peer.line()] for peer in peers] == [[b"event 1", b"mine"]] * 50


def test_an_emptied_project_concerns_all_that_are_in_it(world: World) -> None:
    one, other = world.inside(b"7 1"), world.inside(b"7 2")
    world.bus.publish(Emptied(2, 5, 100))

    assert other.line() == b"event 5\r\n"
    assert one.ask(b"say nothing") == b"nothing\r\n"


def test_a_project_that_is_deleted_takes_its_sessions_along_and_no_other(world: World) -> None:
    one, other = world.inside(b"7 1"), world.inside(b"7 2")
    world.bus.publish(Emptied(2, 5, 100))
    world.bus.publish(ProjectDeleted(2, 6))

    assert other.rest() == b"event 5\r\nbye: The project was deleted\r\n"
    assert one.ask(b"say nothing") == b"nothing\r\n"


def test_it_takes_them_along_when_what_is_under_way_is_done(world: World) -> None:
    peer = world.inside(b"7 2")
    peer.send(b"think\r\n")
    assert world.thinking.wait(PATIENCE)
    peer.send(b"say more\r\n")
    world.bus.publish(ProjectDeleted(2, 6))
    world.think.set()

    assert peer.rest() == b"thought\r\nbye: The project was deleted\r\n"


def test_half_a_command_is_heard_to_its_end_before_that(world: World) -> None:
    peer = world.inside(b"7 2")
    peer.send(b"say ")
    world.until(lambda driver: driver.session.wants_more)
    world.bus.publish(ProjectDeleted(2, 6))
    peer.send(b"more\r\n")

    assert peer.rest() == b"more\r\nbye: The project was deleted\r\n"


def test_a_peer_that_reads_slowly_gets_all_that_was_said_before_that(world: World) -> None:
    peer = world.inside(b"7 2")
    peer.send(b"much 200\r\n")
    world.until(lambda driver: driver._writable is not None)
    world.bus.publish(ProjectDeleted(2, 6))

    last = b"bye: The project was deleted\r\n"
    said = peer.rest()
    assert said.endswith(last)
    assert len(said) == 200 * 65536 + len(last)


def test_who_enters_a_project_that_was_deleted_just_now_goes_too(world: World) -> None:
    peer = world.connect()
    peer.line()
    peer.send(b"wait 60\r\nenter 7 2\r\n")
    assert world.clock.pause() == 60
    world.bus.publish(ProjectDeleted(2, 6))
    world.clock.advance(60)

    assert peer.rest() == b"waited\r\nentered\r\nbye: The project was deleted\r\n"


def test_nobody_hangs_in_a_project_that_is_deleted(world: World) -> None:
    peer = world.inside(b"7 2")
    peer.send(b"hang\r\n")
    world.until(lambda driver: driver.session.hanging)
    world.bus.publish(ProjectDeleted(2, 6))

    assert peer.rest() == b""


def test_who_has_left_a_mailbox_hears_nothing_of_it(world: World) -> None:
    peer = world.connect()
    peer.line()
    peer.ask(b"enter 7"), peer.ask(b"enter 8")
    world.bus.publish(added(1, 7))

    assert peer.ask(b"say nothing") == b"nothing\r\n"


def test_an_event_that_comes_while_a_session_enters_is_not_missed(world: World) -> None:
    peer = world.connect()
    peer.line()
    peer.send(b"enter 7\r\nthink\r\n")
    assert world.thinking.wait(PATIENCE)
    world.bus.publish(added(1, 7))
    assert world.heard.wait(PATIENCE)
    world.think.set()

    assert [peer.line() for _ in range(3)] == [b"entered\r\n", b"thought\r\n", b"event 1\r\n"]


def test_nobody_is_told_in_the_thread_that_publishes(world: World) -> None:
    threads: list[int] = []
    peer = world.inside(b"7")
    session: Any = world.sessions[0]
    told = session.notify

    def notify(event: Event) -> Iterator[bytes]:
        threads.append(threading.get_ident())
        return iter(told(event))

    session.notify = notify
    world.bus.publish(added(1, 7))
    world.loop.call(lambda: world.bus.publish(added(2, 7)))

    assert (peer.line(), peer.line()) == (b"event 1\r\n", b"event 2\r\n")
    assert threads == [world.server.hub._thread] * 2


# -- pauses, and what else a session may want


def test_a_session_that_pauses_keeps_nobody_else_waiting_and_takes_no_thread(world: World) -> None:
    peer, other = world.connect(), world.connect()
    peer.line(), other.line()
    peer.send(b"say one\r\nwait 3600\r\nsay three\r\n")
    assert peer.line() == b"one\r\n"
    assert other.ask(b"say fine") == b"fine\r\n"
    assert world.server.threads._threads == set()
    assert world.clock.pass_pause() == 3600

    assert (peer.line(), peer.line()) == (b"waited\r\n", b"three\r\n")


def test_no_answer_comes_before_the_pause_is_over(world: World) -> None:
    peer = world.in_memory()
    peer.send(b"wait 10\r\n")
    world.clock.pause()
    world.clock.advance(9)
    assert peer.received == b""
    world.clock.advance(1)

    assert peer.line() == b"waited"


def test_what_comes_during_a_pause_waits_within_bounds(world: World) -> None:
    peer = world.connect()
    peer.line()
    peer.send(b"wait 3600\r\n")
    sending = threading.Thread(target=peer.send, args=(b"say more\r\n" * 100_000,))
    sending.start()
    world.until(lambda driver: driver._paused)
    [driver] = world.server._drivers
    held = len(driver._input)
    world.clock.pass_pause()

    assert held <= 3 << 18
    assert peer.line() == b"waited\r\n"
    assert {peer.line() for _ in range(100_000)} == {b"more\r\n"}
    sending.join(PATIENCE)


def test_what_was_committed_during_a_pause_is_told_after_it(world: World) -> None:
    peer = world.inside(b"7")
    peer.send(b"wait 3600\r\n")
    world.clock.pause()
    world.bus.publish(added(1, 7))
    assert world.heard.wait(PATIENCE)
    world.clock.advance(3600)

    assert (peer.line(), peer.line()) == (b"waited\r\n", b"event 1\r\n")


@pytest.mark.parametrize("leave", [Peer.half_close, Peer.vanish])
def test_a_peer_that_goes_ends_the_pause(world: World, leave: Callable[[Peer], None]) -> None:
    peer = world.connect()
    peer.line()
    peer.send(b"wait 3600\r\nwait 3600\r\nenter 7\r\n")
    world.clock.pause()
    leave(peer)

    assert world.ended.wait(PATIENCE)
    assert world.sessions[0].mailbox == 7


def test_the_end_does_not_wait_for_pauses_but_for_what_is_behind_them(world: World) -> None:
    peer = world.connect()
    peer.line()
    peer.send(b"wait 3600\r\n")
    world.clock.pause()
    world.loop.run(world.server.shutdown(), timeout=PATIENCE)

    assert peer.rest() == b"waited\r\nbye: The server is stopping\r\n"


def test_a_slow_session_says_a_little_at_a_time(world: World) -> None:
    peer = world.in_memory()
    peer.writes.clear()
    peer.send(b"slowly 30\r\nsay abcdef\r\nslowly 0\r\nsay at once\r\n")
    while not peer.received.endswith(b"at once\r\n"):
        world.clock.advance(0.1)

    assert peer.writes == [b"abc", b"def", b"\r\n", b"at once\r\n"]


def test_a_slow_session_is_quick_to_end(world: World) -> None:
    peer = world.connect()
    peer.line()
    peer.send(b"slowly 1\r\nmuch 1\r\n")
    world.until(lambda driver: driver._slow)
    world.loop.run(world.server.shutdown(), timeout=PATIENCE)

    assert peer.rest() == b"x" * 65534 + b"\r\nbye: The server is stopping\r\n"


def test_a_session_that_hangs_says_nothing_more_and_goes_with_its_peer(world: World) -> None:
    peer = world.inside(b"7")
    peer.send(b"hang\r\n" + b"say more\r\n" * 100_000)
    world.until(lambda driver: driver.session.hanging)
    world.bus.publish(added(1, 7))
    peer.half_close()

    assert peer.rest() == b""
    assert world.ended.wait(PATIENCE)
    assert world.sessions[0].heard == []


def test_a_session_that_hangs_does_not_do_so_for_ever(world: World) -> None:
    world.with_limits(command_timeout=0.1)
    world.idle_limit = 0.05
    peer = world.connect()
    peer.send(b"hang\r\nsay hal")

    assert peer.rest() == b"hello\r\n"


def test_a_session_that_hangs_does_not_keep_the_server_from_stopping(world: World) -> None:
    peer = world.connect()
    peer.line()
    peer.send(b"hang\r\n")
    world.until(lambda driver: driver.session.hanging)
    world.loop.run(world.server.shutdown(), timeout=PATIENCE)

    assert peer.rest() == b""


def test_a_dropped_connection_ends_behind_what_was_said_without_a_word(world: World) -> None:
    peer = world.connect()
    peer.send(b"say one\r\ndrop close\r\nsay more\r\n")

    assert peer.rest() == b"hello\r\none\r\ndropping\r\n"
    assert world.ended.wait(PATIENCE)


def test_a_reset_is_one(world: World) -> None:
    peer = world.connect()
    peer.line()
    peer.send(b"drop reset\r\n")

    with pytest.raises(ConnectionResetError):
        peer.socket.recv(1000), peer.socket.recv(1000)


@pytest.mark.parametrize("first", [("hang",), ("drop", "close")])
def test_a_session_that_begins_with_that_does_not_greet(world: World, first: tuple[str, ...]) -> None:
    world.first = first
    peer = world.connect()
    world.until(lambda driver: driver.session.hanging)
    peer.half_close()

    assert b"hello" not in peer.rest()
    assert world.ended.wait(PATIENCE)


# -- bugs, limits and the end


def test_a_bug_ends_its_session_politely_and_no_other(world: World, caplog: pytest.LogCaptureFixture) -> None:
    peer, other = world.connect(), world.connect()
    other.line()
    with caplog.at_level(logging.ERROR):
        peer.send(b"fail\r\nsay more\r\n")
        said = peer.rest()

    assert said == b"hello\r\nso far\r\nbye: Internal error; the log of the sandbox has the details\r\n"
    assert "LookupError: a bug" in caplog.text
    assert other.ask(b"say fine") == b"fine\r\n"


def test_a_bug_in_saying_good_bye_closes_all_the_same(world: World, caplog: pytest.LogCaptureFixture) -> None:
    peer = world.connect()
    peer.line()
    session: Any = world.sessions[0]
    session.dismiss = lambda text: session.fail()
    session.ended = lambda: 1 / 0
    peer.send(b"fail\r\n")

    assert peer.rest() == b"so far\r\nso far\r\n"


def test_a_session_that_cannot_begin_is_closed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.session = lambda **ends: 1 / 0  # type: ignore[method-assign, assignment]
    peer = world.connect()

    with suppress(ConnectionResetError):
        assert peer.rest() == b""
    assert "ZeroDivisionError" in caplog.text


def test_a_connection_too_many_is_told_so(world: World) -> None:
    world.with_limits(connections=1)
    first = world.connect()
    first.line()

    assert world.connect().rest() == b"bye: Too many connections\r\n"
    first.ask(b"quit")
    assert first.rest() == b""
    while world.server._drivers:
        pass
    assert world.connect().line() == b"hello\r\n"


def test_a_silent_peer_is_told_to_go(world: World) -> None:
    world.with_limits(command_timeout=0.1)
    world.idle_limit = 0.05
    peer = world.connect()

    assert peer.rest() == b"hello\r\nbye: Idle for too long\r\n"


def test_half_a_command_is_not_waited_for(world: World) -> None:
    world.with_limits(command_timeout=0.05)
    peer = world.connect()
    peer.send(b"say hal")

    assert peer.rest() == b"hello\r\nbye: Timeout in the middle of a command\r\n"


def test_a_peer_that_never_reads_is_not_waited_for(world: World) -> None:
    world.with_limits(command_timeout=0.1)
    world.idle_limit = 0.05
    peer = world.connect()
    peer.send(b"much 100000\r\n")

    assert world.ended.wait(PATIENCE)
    while world.server._drivers:
        pass


def test_at_the_end_everybody_is_told_and_what_is_under_way_is_done(world: World) -> None:
    idle, busy, half = (world.connect() for _ in range(3))
    assert [each.line() for each in (idle, busy, half)] == [b"hello\r\n"] * 3
    busy.send(b"think\r\n")
    assert world.thinking.wait(PATIENCE)
    half.send(b"say half\r\nsay ha")
    assert half.line() == b"half\r\n"
    stopping = Future[None]()
    threading.Thread(target=lambda: stopping.set_result(world.loop.run(world.server.shutdown()))).start()

    assert idle.rest() == b"bye: The server is stopping\r\n"
    half.send(b"ll\r\n")
    assert half.rest() == b"hall\r\nbye: The server is stopping\r\n"
    assert not stopping.done()
    world.think.set()
    assert busy.rest() == b"thought\r\nbye: The server is stopping\r\n"
    stopping.result(PATIENCE)


# -- TLS


def test_a_client_in_tls_that_does_not_take_leave_is_not_waited_for_at_the_end(world: World, tls: Tls) -> None:
    peer = world.connect(tls, at_once=True)
    peer.secure(tls.ca_pem())
    assert peer.line() == b"hello\r\n"
    world.loop.run(world.server.shutdown(), timeout=PATIENCE)

    assert world.server._drivers == set()
    assert peer.rest() == b"bye: The server is stopping\r\n"


def test_tls_begins_in_the_middle(world: World, tls: Tls) -> None:
    peer = world.connect(tls)
    assert (peer.line(), peer.ask(b"version")) == (b"hello\r\n", b"None\r\n")
    assert peer.ask(b"starttls") == b"go ahead\r\n"
    peer.secure(tls.ca_pem())

    assert peer.ask(b"version") == b"TLSv1.3\r\n"
    assert "TLSv1.3" in str(world.sessions[0].transcript)
    peer.send(b"much 100\r\nquit\r\n")
    assert len(peer.rest()) == 100 * 65536 + len(b"bye\r\n")


def test_what_is_sent_in_plaintext_behind_the_start_of_tls_is_dropped(world: World, tls: Tls) -> None:
    peer = world.connect(tls)
    peer.line()
    assert peer.ask(b"starttls\r\nsay injected\r\nsay hal") == b"go ahead\r\n"
    peer.secure(tls.ca_pem())

    assert peer.ask(b"say mine") == b"mine\r\n"


def test_a_port_for_tls_greets_when_that_is_up(world: World, tls: Tls) -> None:
    peer = world.connect(tls, at_once=True)
    peer.secure(tls.ca_pem(), "any.name.example")

    assert (peer.line(), peer.ask(b"version")) == (b"hello\r\n", b"TLSv1.3\r\n")
    peer.ask(b"quit")
    assert peer.rest() == b""


def test_a_client_that_does_not_trust_us_is_seen_in_the_transcript(world: World, tls: Tls) -> None:
    peer = world.connect(tls, at_once=True)
    with pytest.raises(ssl.SSLCertVerificationError):
        peer.secure(Tls().ca_pem())

    assert world.ended.wait(PATIENCE)
    assert "unknown ca" in str(world.sessions[0].transcript)


def test_a_client_that_leaves_right_after_the_handshake_is_no_matter(
    world: World, tls: Tls, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            peer = world.connect(tls, at_once=True)
            peer.secure(tls.ca_pem(), version=version)
            world.ended.clear()
            peer.close()
            assert world.ended.wait(PATIENCE)

    assert caplog.text == ""


@pytest.mark.parametrize("sent", [b"", b"EHLO there\r\n", b"\x16\x03\x01\x00\x05nonsense"])
def test_what_is_no_tls_ends_the_connection_and_says_so_in_the_transcript(world: World, tls: Tls, sent: bytes) -> None:
    world.with_limits(command_timeout=0.3)
    peer = world.connect(tls, at_once=True)
    peer.send(sent)

    assert world.ended.wait(PATIENCE)
    assert "no TLS: " in str(world.sessions[0].transcript)
    while world.server._drivers:
        pass


def test_a_pause_may_come_before_tls(world: World, tls: Tls) -> None:
    world.first = ("wait", "3600")
    peer = world.connect(tls, at_once=True)
    world.clock.pause()
    threading.Thread(target=world.clock.advance, args=(3600,)).start()
    peer.secure(tls.ca_pem())

    assert peer.line() == b"hello\r\n"  # and nothing in plaintext before
    assert world.sessions[0].at_once


@pytest.mark.parametrize("first", [("hang",), ("drop", "close"), ("drop", "reset")])
def test_a_connection_may_end_before_tls(world: World, tls: Tls, first: tuple[str, ...]) -> None:
    world.first = first
    with suppress(OSError):  # it may be reset already
        peer = world.connect(tls, at_once=True)
        world.until(lambda driver: driver.session.hanging)
        peer.half_close()
        assert peer.rest() == b""

    assert world.ended.wait(PATIENCE)


def test_a_dropped_connection_takes_no_leave_of_tls(world: World, tls: Tls) -> None:
    peer = world.connect(tls, at_once=True)
    peer.secure(tls.ca_pem())
    peer.socket.suppress_ragged_eofs = False  # type: ignore[attr-defined]  # it is an SSLSocket now
    peer.send(b"drop close\r\n")

    assert (peer.line(), peer.line()) == (b"hello\r\n", b"dropping\r\n")
    with pytest.raises(ssl.SSLEOFError):
        peer.line()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("expired", "certificate has expired"),
        ("other-name", "Hostname mismatch, certificate is not valid for 'mail.some.example'"),
        ("self-signed", "self-signed certificate"),
    ],
)
def test_a_session_may_show_a_wrong_certificate(world: World, tls: Tls, wrong: Wrong, said: str) -> None:
    peer = world.connect(tls)
    peer.line()
    world.sessions[0].certificate = wrong
    peer.ask(b"starttls")

    with pytest.raises(ssl.SSLCertVerificationError, match=said):
        peer.secure(tls.ca_pem(), "mail.some.example")


def test_a_certificate_that_cannot_be_had_ends_the_connection(world: World, tmp_path: Path) -> None:
    tmp_path.joinpath("ca-key.pem").write_text("broken")
    peer = world.connect(Tls(folder=tmp_path), at_once=True)

    with pytest.raises(OSError, match=r"reset|EOF"):
        peer.secure(Tls().ca_pem())
    assert world.ended.wait(PATIENCE)
    assert "no TLS: " in str(world.sessions[0].transcript)
