"""IMAP beside Dovecot and GreenMail: 10,000 messages read, sessions that idle, and who waits for whom."""

from __future__ import annotations

import multiprocessing
import selectors
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.mail import message
from benchmarks.peers import READERS, Start, at_hand
from benchmarks.process import tree_cpu, tree_memory
from benchmarks.readers import Imap, fill, mails
from benchmarks.report import OURS, AtMost, Effort, Goal, Row
from benchmarks.servers import Server

ENVELOPE = "FETCH 1:* (UID FLAGS ENVELOPE)"
WORK: dict[str, tuple[str, tuple[Goal, ...]]] = {
    "ENVELOPE, the first time": (ENVELOPE, ()),
    "ENVELOPE, again": (ENVELOPE, (AtMost(50),)),
    "UID FLAGS": ("FETCH 1:* (UID FLAGS)", ()),
    "BODY.PEEK[]": ("FETCH 1:* BODY.PEEK[]", (AtMost(150),)),
    "SEARCH TEXT, in one of 200": ('SEARCH TEXT "order 10-77 is"', (AtMost(50),)),
    "SEARCH TEXT, in none": ('SEARCH TEXT "nowhere to be found"', (AtMost(50),)),
    "FETCH 1:1000 (FLAGS BODY[])": ("FETCH 1:1000 (FLAGS BODY[])", ()),
    "STORE 1:1000 +FLAGS": ("STORE 1:1000 +FLAGS (\\Flagged)", ()),
}
IDLE = {OURS: 1000, "Dovecot": 100, "GreenMail": 100}
"""Sessions at a time; Dovecot has a process for each, and as many inotify instances."""
LARGE, PIECES = 48_000_000, 10


def run(effort: Effort) -> Iterator[Row]:
    """Everything in turn, interleaved."""
    servers = at_hand(READERS)
    yield from _fetching(servers, effort)
    yield from _idling(servers, effort)
    yield from _waiting({name: start for name, start in servers.items() if name != "GreenMail"}, effort)


# -- 10,000 messages


def _fetching(starters: dict[str, Start], effort: Effort) -> Iterator[Row]:
    """GreenMail's figures are of one round: it takes its time."""
    messages = mails(effort.of(10_000, 1_000))
    figures: dict[str, dict[str, list[tuple[float, float]]]] = {work: {} for work in WORK}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(start()) for name, start in starters.items()}
        for round_ in range(effort.of(2, 1)):
            for name, server in servers.items():
                if name != "GreenMail" or not round_:
                    for work, figure in _one_round(
                        server, f"ann{round_}@x.test", messages, by_smtp=name == "GreenMail"
                    ):
                        figures[work].setdefault(name, []).append(figure)
    for which, what in enumerate(("CPU", "wall")):
        for work, (_, goals) in WORK.items():
            medians = {name: statistics.median(each[which] for each in found) for name, found in figures[work].items()}
            yield Row("imap", f"{work}, {what}", medians, goals=() if which else goals)


def _one_round(
    server: Server, user: str, messages: list[bytes], *, by_smtp: bool
) -> Iterator[tuple[str, tuple[float, float]]]:
    fill(server, user, messages, by_smtp=by_smtp)
    with Imap(server.imap, user) as client:
        client.command("SELECT INBOX")
        for name, (command, _) in WORK.items():
            before, began = tree_cpu(server.pid), time.perf_counter()
            client.command(command)
            wall = time.perf_counter() - began
            yield name, ((tree_cpu(server.pid) - before) * 1000, wall * 1000)


# -- idle sessions


def _idling(starters: dict[str, Start], effort: Effort) -> Iterator[Row]:
    each: dict[str, float] = {}
    until: dict[str, float] = {}
    for name, start in starters.items():
        with start() as server, ExitStack() as stack:
            fill(server, "ann@x.test", mails(10), by_smtp=name == "GreenMail")
            before = tree_memory(server.pid)
            count = effort.of(IDLE[name], IDLE[name] // 10)
            clients = [stack.enter_context(Imap(server.imap, "ann@x.test")) for _ in range(count)]
            for client in clients:
                client.command("SELECT INBOX")
                client.socket.sendall(b"t9x IDLE\r\n")
                client.read(b"+ ")
            each[name] = (tree_memory(server.pid) - before) * 1024 / count
            until[name] = statistics.median(_heard_by_all(server, clients) for _ in range(5))
    yield Row("sessions", "memory of a session that idles", each, "KiB", (AtMost(30),))
    yield Row("sessions", "until all of them have heard of a message", until, goals=(AtMost(50),))


def _heard_by_all(server: Server, clients: list[Imap]) -> float:
    """From the OK of an APPEND to the last EXISTS."""
    with Imap(server.imap, "ann@x.test") as writer, selectors.DefaultSelector() as waiting:
        for client in clients:
            waiting.register(client.socket, selectors.EVENT_READ, client)
        octets = message()
        writer.socket.sendall(b"t9x APPEND INBOX {%d+}\r\n%b\r\n" % (len(octets), octets))
        writer.answered()
        began = time.perf_counter()
        left = set(clients)
        while left:
            for key, _ in waiting.select(60):
                if b"EXISTS" in key.data.socket.recv(1 << 16):
                    left.discard(key.data)
        return (time.perf_counter() - began) * 1000


# -- one reads 480 MB, another waits


def _waiting(starters: dict[str, Start], effort: Effort) -> Iterator[Row]:
    times: dict[str, list[float]] = {}
    for name, start in starters.items():
        with start() as server:
            for _ in range(PIECES):
                fill(server, "ann@x.test", [message(effort.of(LARGE, LARGE // 20))])
            fill(server, "bob@x.test", mails(10))
            times[name] = sorted(_noops_while_another_reads(server))
    for what, share in (("median", 0.5), ("99th percentile", 0.99)):
        found = {name: each[int(len(each) * share)] for name, each in times.items()}
        yield Row("sessions", f"NOOP while another fetches much, {what}", found)


def _noops_while_another_reads(server: Server) -> list[float]:
    times = []
    with Imap(server.imap, "bob@x.test") as client:
        client.command("SELECT INBOX")
        reader = multiprocessing.get_context("spawn").Process(target=_fetch_all, args=(server.imap,))
        reader.start()
        while reader.is_alive():
            asked = time.perf_counter()
            client.command("NOOP")
            times.append((time.perf_counter() - asked) * 1000)
            time.sleep(0.002)
        reader.join()
    return times


def _fetch_all(port: int) -> None:
    with Imap(port, "ann@x.test") as client:
        client.command("EXAMINE INBOX")
        client.command("FETCH 1:* BODY.PEEK[]")
