"""Clients that reach the sandbox by Unix sockets: the files of which they are told are all that they know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from senders import file_of, run

from mailtrap.sandbox import Sandbox

pytestmark = pytest.mark.interop

MAIL = b"From: app@shop.test\r\nTo: bob@x.test\r\nSubject: Hello\r\n\r\n.dots\r\n..\r\nhi\r\n"
AT_SOCKETS = ("smtp", "lmtp", "pop3", "imap", "http")


@pytest.fixture
def running(folder: Path) -> Iterator[Sandbox]:
    with Sandbox(**{name: folder / f"{name}.sock" for name in AT_SOCKETS}) as sandbox:
        yield sandbox


def curl(sandbox: Sandbox, home: Path, protocol: str, *options: str | Path) -> str:
    return run(["curl", "-sS", "--unix-socket", sandbox.address(protocol)[0], *options], home)


def arrived(sandbox: Sandbox) -> list[tuple[str, tuple[str, ...], bytes]]:
    """Who sent it, for whom, and the octets."""
    found = sandbox.messages()
    return [(each.envelope.peer, each.envelope.rcpt_to, bytes(each.raw)) for each in found if each.envelope]


@pytest.mark.needs("swaks")
def test_swaks_delivers_by_lmtp(running: Sandbox, tmp_path: Path) -> None:
    command = ["swaks", "--socket", running.address("lmtp")[0], "--protocol", "LMTP", "--from", "app@shop.test"]
    said = run([*command, "--to", "bob@x.test,eve@x.test", "--data", f"@{file_of(MAIL, tmp_path)}"], tmp_path)

    assert arrived(running) == [("unix", ("bob@x.test", "eve@x.test"), MAIL + b"\r\n")]
    assert "LHLO" in said


@pytest.mark.needs("msmtp")
def test_msmtp_delivers_by_lmtp(running: Sandbox, tmp_path: Path) -> None:
    command = ["msmtp", "--protocol=lmtp", "--host=localhost", "--port=24"]  # which it wants, and does not use
    run([*command, f"--socket={running.address('lmtp')[0]}", "--from=app@shop.test", "bob@x.test"], tmp_path, MAIL)

    [(peer, rcpt_to, octets)] = arrived(running)
    assert (peer, rcpt_to) == ("unix", ("bob@x.test",))
    assert octets.endswith(MAIL.partition(b"\r\n\r\n")[2])


@pytest.mark.needs("smtp-source")
@pytest.mark.parametrize("options", [["-L"], []])
def test_postfixs_smtp_source_delivers_in_parallel(running: Sandbox, tmp_path: Path, options: list[str]) -> None:
    path, _ = running.address("lmtp" if options else "smtp")
    command = ["smtp-source", *options, "-s", "5", "-m", "40", "-f", "app@shop.test", "-t", "bob@x.test"]
    run([*command, f"unix:{path}"], tmp_path)

    assert [rcpt_to for _, rcpt_to, _ in arrived(running)] == [("bob@x.test",)] * 40


@pytest.mark.needs("curl")
def test_curl_sends_and_reads_by_every_protocol(running: Sandbox, tmp_path: Path) -> None:
    envelope = ["--mail-from", "app@shop.test", "--mail-rcpt", "bob@x.test"]
    curl(running, tmp_path, "smtp", "smtp://localhost", *envelope, "-T", file_of(MAIL, tmp_path))

    fetched = [
        curl(running, tmp_path, "http", "http://localhost/v1/messages/latest/raw"),
        curl(running, tmp_path, "pop3", "-u", "bob@x.test:x", "pop3://localhost/1"),
        curl(running, tmp_path, "imap", "-u", "bob@x.test:x", "imap://localhost/INBOX;MAILINDEX=1"),
    ]

    assert arrived(running) == [("unix", ("bob@x.test",), MAIL)]
    assert [each.encode() for each in fetched] == [MAIL] * 3


@pytest.mark.needs("curl")
def test_curl_waits_for_mail_and_looks_at_pages(running: Sandbox, tmp_path: Path) -> None:
    running.deliver(MAIL, rcpt_to=["bob@x.test"])

    found = json.loads(curl(running, tmp_path, "http", "http://localhost/v1/wait?to=bob@x.test"))
    page = curl(running, tmp_path, "http", "http://localhost/")
    other = curl(running, tmp_path, "http", "-w", "%{http_code}", "-o", "answer", "http://evil.example/v1/messages")

    assert found["messages"][0]["subject"] == "Hello"
    assert "Hello" in page
    assert other == "403"
