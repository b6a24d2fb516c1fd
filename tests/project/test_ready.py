"""mailtrap ready: what it asks, and what it says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailtrap.listeners import PORTS
from mailtrap.ready import main


@contextmanager
def answering(answer: bytes, requests: int = 1) -> Iterator[tuple[int, list[bytes]]]:
    """A server that gives *answer* to whatever comes; its port, and what came."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(requests):
                connection, _ = server.accept()
                with connection:
                    if answer.startswith(b"HTTP"):
                        came.append(connection.recv(4096))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], came
        thread.join(10)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but a test's own."""
    for name in ("SERVER", "HOST", *(each.upper() for each in PORTS)):
        monkeypatch.delenv(f"MAILSANDBOX_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_nobody_there_is_not_ready(free_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--server", f"http://127.0.0.1:{free_port}"]) == 1

    assert capsys.readouterr().err.startswith(f"mailtrap: http://127.0.0.1:{free_port} is not ready: ")


@pytest.mark.parametrize("arguments", [["--server", "nonsense"], ["--wait", "soon"], ["--sevrer", "http://x"]])
def test_a_wrong_option_is_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)


def test_a_wrong_setting_is_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MAILSANDBOX_HTTP", "many")

    assert main([]) == 2

    assert capsys.readouterr().err.startswith("mailtrap: MAILSANDBOX_HTTP is 'many'")


def test_settings_that_name_no_port_are_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MAILSANDBOX_HTTP", "0")

    assert main([]) == 2

    assert "use --server" in capsys.readouterr().err


def test_what_is_up_but_cannot_serve_is_not_ready(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n") as (port, _):
        assert main(["--server", f"http://127.0.0.1:{port}"]) == 1

    assert "503 Service Unavailable" in capsys.readouterr().err


def test_what_speaks_no_http_is_not_ready() -> None:
    with answering(b"HTTP, what is that?\r\n") as (port, _):
        assert main(["--server", f"http://127.0.0.1:{port}"]) == 1


def test_ready_is_asked_under_the_prefix_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (port, came):
        monkeypatch.setenv("MAILSANDBOX_SERVER", f"http://127.0.0.1:{port}/mail/")

        assert main([]) == 0

    assert came[0].startswith(b"GET /mail/readyz HTTP/1.1\r\n")


@pytest.mark.parametrize("host", ["", "0.0.0.0,::", "127.0.0.1"])
def test_by_default_the_settings_say_where_to_ask(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (port, _):
        monkeypatch.setenv("MAILSANDBOX_HOST", host)
        monkeypatch.setenv("MAILSANDBOX_HTTP", str(port))

        assert main([]) == 0


@pytest.mark.parametrize(
    ("protocol", "greeting", "code"),
    [
        ("smtp", b"220 sandbox ESMTP\r\n", 0),
        ("smtp", b"421 too many\r\n", 1),
        ("smtp", b"", 1),
        ("submission", b"220 sandbox ESMTP\r\n", 0),
        ("pop3", b"+OK ready\r\n", 0),
        ("pop3", b"-ERR too many\r\n", 1),
        ("imap", b"* OK ready\r\n", 0),
        ("imap", b"* BYE too many\r\n", 1),
    ],
)
def test_without_http_a_greeting_counts(
    monkeypatch: pytest.MonkeyPatch, protocol: str, greeting: bytes, code: int
) -> None:
    with answering(greeting) as (port, _):
        for name in PORTS:
            monkeypatch.setenv(f"MAILSANDBOX_{name.upper()}", str(port) if name == protocol else "off")

        assert main([]) == code


def test_waiting_ends_as_soon_as_it_is_ready(free_port: int) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    codes: list[int] = []
    waiting = threading.Thread(
        target=lambda: codes.append(main(["--wait", "30s", "--server", f"http://127.0.0.1:{free_port}"]))
    )
    waiting.start()
    with socket.create_server(("127.0.0.1", free_port)) as server:
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(answer)
    waiting.join(30)

    assert codes == [0]
