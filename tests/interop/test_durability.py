"""What was acknowledged is there after a restart and after ``kill -9``, once, with the octets as sent."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.interop.conftest import Process, Start

pytestmark = pytest.mark.interop

KILLS = 3
CLIENTS = 4


def test_a_restarted_sandbox_has_everything(start: Start, tmp_path: Path, all_corpus_files: list[Path]) -> None:
    first = start(tmp_path / "data")
    sent = [_crlf_at_end(file.read_bytes()) for file in all_corpus_files]
    with Client(first.smtp) as client:
        assert all(client.send(each) for each in sent)
    assert first.stop() == 0
    second = start(tmp_path / "data")

    found = [second.raw(message) for message in second.messages()]
    assert Counter(found) == Counter(sent)
    assert second.stop() == 0


def test_a_second_sandbox_on_the_same_data_is_refused_by_name(start: Start, tmp_path: Path) -> None:
    first = start(tmp_path)
    with pytest.raises(Exception, match="returned non-zero"):
        start(tmp_path)

    assert first.get("/readyz").status_code == 200


def test_kill_9_under_load_loses_nothing_acknowledged(start: Start, tmp_path: Path) -> None:
    acknowledged: set[bytes] = set()
    for kill in range(KILLS):
        process = start(tmp_path / "data")
        _load_until_killed(process, kill, acknowledged)
    process = start(tmp_path / "data")

    found = Counter(process.raw(message) for message in process.messages())
    assert len(acknowledged) > 50 * KILLS
    assert acknowledged <= set(found)
    assert set(found.values()) == {1}


def _load_until_killed(process: Process, kill: int, acknowledged: set[bytes]) -> None:
    enough = threading.Semaphore(0)

    def send(number: int) -> None:
        count = 0
        try:
            with Client(process.smtp) as client:
                while True:
                    message = b"Subject: %d %d %d\r\n\r\n" % (kill, number, count) + b"x" * 3000 + b"\r\n"
                    if client.send(message):
                        acknowledged.add(message)
                        enough.release()
                    count += 1
        except OSError:
            return

    threads = [threading.Thread(target=send, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for _ in range(100 + 37 * kill):
        assert enough.acquire(timeout=30)
    process.kill()
    for thread in threads:
        thread.join()


class Client:
    """An SMTP client that changes nothing: dots are stuffed after CRLF alone."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._file = self._socket.makefile("rb")
        self._reply()
        self._command(b"EHLO here")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, octets: bytes) -> bool:
        """Whether the message, which ends with CRLF, was acknowledged."""
        self._command(b"MAIL FROM:<app@shop.test>")
        self._command(b"RCPT TO:<ann@x.test>")
        self._command(b"DATA")
        stuffed = octets.replace(b"\r\n.", b"\r\n..")
        return self._command((b"." if octets.startswith(b".") else b"") + stuffed + b".").startswith(b"250")

    def _command(self, line: bytes) -> bytes:
        self._socket.sendall(line + b"\r\n")
        return self._reply()

    def _reply(self) -> bytes:
        while True:
            line = self._file.readline()
            if not line:
                raise ConnectionResetError
            if line[3:4] != b"-":
                return line


def _crlf_at_end(octets: bytes) -> bytes:
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"
