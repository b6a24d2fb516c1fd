"""IMAP beside Dovecot: what mail programs ask of 10,000 messages, what idle sessions cost, who waits for whom."""

from __future__ import annotations

import multiprocessing
import selectors
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.mail import message
from benchmarks.process import tree_cpu, tree_memory
from benchmarks.readers import READERS, Imap, fill, mails
from benchmarks.servers import Server

COUNT = 10_000
WORK = {
    "FETCH 1:* (UID FLAGS ENVELOPE), cold": "FETCH 1:* (UID FLAGS ENVELOPE)",
    "FETCH 1:* (UID FLAGS ENVELOPE), warm": "FETCH 1:* (UID FLAGS ENVELOPE)",
    "FETCH 1:* (UID FLAGS)": "FETCH 1:* (UID FLAGS)",
    "FETCH 1:* BODY.PEEK[]": "FETCH 1:* BODY.PEEK[]",
    "SEARCH TEXT, in 50 of them": 'SEARCH TEXT "order 10-77 is"',
    "SEARCH TEXT, in none": 'SEARCH TEXT "nowhere to be found"',
    "FETCH 1:1000 (FLAGS BODY[])": "FETCH 1:1000 (FLAGS BODY[])",
    "STORE 1:1000 +FLAGS (\\Flagged)": "STORE 1:1000 +FLAGS (\\Flagged)",
}
IDLE = {"sandbox": 1000, "Dovecot": 100}
"""Sessions at a time; Dovecot has a process for each, and as many inotify instances."""
LARGE, PIECES = 48_000_000, 10


def run(rounds: int = 3) -> None:
    """Everything in turn, interleaved."""
    _fetching(rounds)
    _idling()
    _waiting()


# -- 10,000 messages


def _fetching(rounds: int) -> None:
    print(
        f"IMAP over {COUNT} messages of 5 KB: CPU ms of the server / wall ms (medians of {rounds} interleaved rounds)"
    )
    messages = mails(COUNT)
    figures: dict[str, dict[str, list[tuple[float, float]]]] = {work: {name: [] for name in READERS} for work in WORK}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(start()) for name, start in READERS.items()}
        for number in range(rounds):
            for name, server in servers.items():
                for work, figure in _one_round(server, f"ann{number}@x.test", messages):
                    figures[work][name].append(figure)
    for work, found in figures.items():
        medians = {name: [statistics.median(each) for each in zip(*rows, strict=True)] for name, rows in found.items()}
        print(
            f"  {work:38}",
            " | ".join(f"{name} {cpu:.0f} / {wall:.0f}" for name, (cpu, wall) in medians.items()),
            flush=True,
        )


def _one_round(server: Server, user: str, messages: list[bytes]) -> Iterator[tuple[str, tuple[float, float]]]:
    fill(server, user, messages)
    with Imap(server.imap, user) as client:
        client.command("SELECT INBOX")
        for name, command in WORK.items():
            before, began = tree_cpu(server.pid), time.perf_counter()
            client.command(command)
            wall = time.perf_counter() - began
            yield name, ((tree_cpu(server.pid) - before) * 1000, wall * 1000)


# -- idle sessions


def _idling() -> None:
    print("IMAP, sessions in IDLE: memory each, and ms until all have heard of a message (median of 5)")
    for name, start in READERS.items():
        with start() as server, ExitStack() as stack:
            fill(server, "ann@x.test", mails(10))
            before = tree_memory(server.pid)
            clients = [stack.enter_context(Imap(server.imap, "ann@x.test")) for _ in range(IDLE[name])]
            for client in clients:
                client.command("SELECT INBOX")
                client.socket.sendall(b"t9x IDLE\r\n")
                client.read(b"+ ")
            each = (tree_memory(server.pid) - before) * 1024 / len(clients)
            times = [_heard_by_all(server, clients) for _ in range(5)]
            print(
                f"  {name:10} {len(clients)} sessions: {each:.0f} KiB each, {statistics.median(times):.0f} ms",
                flush=True,
            )


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


def _waiting() -> None:
    print(f"IMAP: one session fetches {LARGE * PIECES / 1e6:.0f} MB, another says NOOP: ms, median (p99, longest)")
    for name, start in READERS.items():
        with start() as server:
            for _ in range(PIECES):
                fill(server, "ann@x.test", [message(LARGE)])
            fill(server, "bob@x.test", mails(10))
            with Imap(server.imap, "bob@x.test") as client:
                client.command("SELECT INBOX")
                reader = multiprocessing.get_context("spawn").Process(target=_fetch_all, args=(server.imap,))
                began = time.perf_counter()
                reader.start()
                times = []
                while reader.is_alive():
                    asked = time.perf_counter()
                    client.command("NOOP")
                    times.append((time.perf_counter() - asked) * 1000)
                    time.sleep(0.002)
                reader.join()
            times.sort()
            shown = f"{statistics.median(times):.2f} ({times[int(len(times) * 0.99)]:.2f}, {times[-1]:.1f})"
            print(f"  {name:10} {shown}, done after {time.perf_counter() - began:.1f} s", flush=True)


def _fetch_all(port: int) -> None:
    with Imap(port, "ann@x.test") as client:
        client.command("EXAMINE INBOX")
        client.command("FETCH 1:* BODY.PEEK[]")
