"""Load for an SMTP server, from plain sockets in a process of its own; prints what it saw as JSON.

    python -m benchmarks.load 127.0.0.1:1025 --messages 2000 --size 5000 --sessions 4 [--per-connection] [--pipelined]

A message's latency is counted from its first octet to its 250; with --per-connection from the connect to the
answer to QUIT, which is what an application waits for.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from benchmarks.mail import message


class Session:
    """One connection, after EHLO."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.expect("220")
        self.ask(b"EHLO load.example\r\n", "250")

    def deliver(self, stuffed: bytes, *, pipelined: bool, to: str = "ann@example.com") -> None:
        """One transaction: in three writes, or one for each command."""
        envelope = [b"MAIL FROM:<app@shop.example.com>\r\n", f"RCPT TO:<{to}>\r\n".encode(), b"DATA\r\n"]
        if pipelined:
            self.socket.sendall(b"".join(envelope))
        for command, code in zip(envelope, ("250", "250", "354"), strict=True):
            if not pipelined:
                self.socket.sendall(command)
            self.expect(code)
        self.ask(stuffed, "250")

    def ask(self, octets: bytes, code: str) -> None:
        """Send, and read the reply."""
        self.socket.sendall(octets)
        self.expect(code)

    def expect(self, code: str) -> None:
        """Read a reply to its last line."""
        while not (found := re.match(rb"(?:\d{3}-.*\r\n)*(\d{3}) .*\r\n", self.received)):
            octets = self.socket.recv(1 << 16)
            if not octets:
                raise ConnectionError("closed by the server")
            self.received += octets
        self.received = self.received[found.end() :]
        if found[1].decode() != code:
            raise ConnectionError(f"{found[0]!r} instead of {code}")

    def quit(self) -> None:
        """Leave as one should."""
        self.ask(b"QUIT\r\n", "221")
        self.socket.close()


def stuffed(octets: bytes) -> bytes:
    """As it goes over the wire (RFC 5321 §4.5.2)."""
    return re.sub(rb"(\A|\r\n)\.", rb"\1..", octets) + b".\r\n"


def one_session(address: tuple[str, int], octets: bytes, pipelined: bool, count: int) -> list[float]:
    """The latencies of *count* messages of one session."""
    session = Session(address)
    latencies = []
    for _ in range(count):
        began = time.perf_counter()
        session.deliver(octets, pipelined=pipelined)
        latencies.append(time.perf_counter() - began)
    session.quit()
    return latencies


def one_each(address: tuple[str, int], octets: bytes, pipelined: bool, count: int) -> list[float]:
    """The latencies of *count* messages, each in a session of its own."""
    latencies = []
    for _ in range(count):
        began = time.perf_counter()
        session = Session(address)
        session.deliver(octets, pipelined=pipelined)
        session.quit()
        latencies.append(time.perf_counter() - began)
    return latencies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", help="HOST:PORT")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--size", type=int, default=5000, help="octets of a message")
    parser.add_argument("--sessions", type=int, default=4, help="how many at a time")
    parser.add_argument("--per-connection", action="store_true", help="one message a connection")
    parser.add_argument("--pipelined", action="store_true", help="MAIL, RCPT and DATA in one write")
    options = parser.parse_args()
    host, _, port = options.server.rpartition(":")
    octets = stuffed(message(options.size))
    each = partial(one_each if options.per_connection else one_session, (host, int(port)), octets, options.pipelined)
    counts = [len(range(number, options.messages, options.sessions)) for number in range(options.sessions)]
    began = time.perf_counter()
    with ThreadPoolExecutor(options.sessions) as pool:
        latencies = sorted(latency * 1000 for part in pool.map(each, counts) for latency in part)
    seconds = time.perf_counter() - began
    print(
        json.dumps(
            {
                "messages": len(latencies),
                "seconds": round(seconds, 4),
                "per_second": round(len(latencies) / seconds, 1),
                "median_ms": round(statistics.median(latencies), 4),
                "p99_ms": round(latencies[int(len(latencies) * 0.99)], 4),
            }
        )
    )


if __name__ == "__main__":
    main()
