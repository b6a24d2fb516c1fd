"""curl, fetchmail and getmail read what came in by SMTP, over POP3 and IMAP."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from reading import mail, plain, run

if TYPE_CHECKING:
    from pathlib import Path

    from reading import Account

pytestmark = pytest.mark.interop


# -- curl


def _curl(account: Account, url: str, *options: str, home: Path) -> bytes:
    """What curl gives for ``imap:…`` or ``pop3:…``, with the user and its password."""
    scheme, _, path = url.partition(":")
    port = account.server.imap if scheme == "imap" else account.server.pop3
    command = ["curl", "-sS", "--max-time", "20", "-u", f"{account.name}:secret", f"{scheme}://127.0.0.1:{port}{path}"]
    done = subprocess.run([*command, *options], capture_output=True, cwd=home)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.needs("curl")
def test_curl_lists_searches_and_fetches_by_imap(account: Account, tmp_path: Path) -> None:
    sent = [mail("one"), *account.odd()]
    account.deliver(*sent)

    assert b'"/" INBOX\r\n' in _curl(account, "imap:/", home=tmp_path)
    assert _curl(account, "imap:/INBOX?SUBJECT%20one%20UNSEEN", home=tmp_path).strip() == b"* SEARCH 1"
    for number, octets in enumerate(sent, 1):
        assert _curl(account, f"imap:/INBOX;MAILINDEX={number}", home=tmp_path) == octets
    assert _curl(account, "imap:/INBOX;MAILINDEX=1;SECTION=TEXT", home=tmp_path) == b"Hello, Ann.\r\n"
    assert _curl(account, "imap:/INBOX;MAILINDEX=1;SECTION=HEADER.FIELDS%20(SUBJECT)", home=tmp_path) == (
        b"Subject: one\r\n\r\n"
    )


@pytest.mark.needs("curl")
def test_curl_appends_and_gives_commands_by_imap(account: Account, tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(mail("kept"))
    _curl(account, "imap:/", "-X", "CREATE Kept", home=tmp_path)
    _curl(account, "imap:/Kept", "-T", "mail.eml", home=tmp_path)
    listed = _curl(account, "imap:/", "-X", "STATUS Kept (MESSAGES)", home=tmp_path)
    _curl(account, "imap:/Kept", "-X", r"STORE 1 +FLAGS (\Flagged)", home=tmp_path)

    assert listed.strip().endswith(b"Kept (MESSAGES 1)")
    assert account.octets("Kept") == [mail("kept")]
    assert account.flags("Kept")[b"kept"] >= {"\\Flagged"}


@pytest.mark.needs("curl")
def test_curl_lists_retrieves_and_deletes_by_pop3(account: Account, tmp_path: Path) -> None:
    sent = [mail("one"), *account.odd()]
    account.deliver(*sent)

    sizes = [f"{number} {len(octets)}" for number, octets in enumerate(sent, 1)]
    assert _curl(account, "pop3:/", home=tmp_path).decode().splitlines() == sizes
    assert len(set(_curl(account, "pop3:/", "-X", "UIDL", home=tmp_path).splitlines())) == len(sent)
    for number, octets in enumerate(sent, 1):
        # curl undoes a dot after CRLF alone: a message with dots after bare LF or CR has those doubled
        assert _undotted(_curl(account, f"pop3:/{number}", home=tmp_path)) == _undotted(octets)
    _curl(account, "pop3:/1", "-I", "-X", "DELE", home=tmp_path)
    assert account.octets() == sent[1:]


def _undotted(octets: bytes) -> bytes:
    return octets.replace(b"\n..", b"\n.").replace(b"\r..", b"\r.")


# -- fetchmail


def _fetchmail(account: Account, protocol: str, keep: str, *, home: Path) -> list[bytes]:
    """Run fetchmail once; gives the messages that it has handed on."""
    port = account.server.imap if protocol == "imap" else account.server.pop3
    known = "uidl" if protocol == "pop3" else ""
    (home / "rc").write_text(
        f"set invisible\npoll 127.0.0.1 protocol {protocol} service {port} {known}\n"
        f'user "{account.name}" password "secret" sslproto "" no rewrite {keep} mda "{_hand_on(home)}"\n'
    )
    (home / "rc").chmod(0o600)
    nothing_new = 1
    run(["fetchmail", "-f", "rc", "--pidfile", home / "pid", "-i", home / "seen"], home, also=nothing_new)
    return _handed_on(home)


def _hand_on(home: Path, last: str = "") -> Path:
    """A program that puts each message into a file of its own, and does *last*."""
    program = home / "hand-on"
    program.write_text(f'#!/bin/sh\ncat >"$(mktemp -p "$HOME" mail.XXXXXX)"\n{last}\n')
    program.chmod(0o700)
    return program


def _handed_on(home: Path) -> list[bytes]:
    """What that program was given, oldest first; only once."""
    files = sorted(home.glob("mail.*"), key=lambda file: file.stat().st_mtime_ns)
    found = [plain(file.read_bytes()) for file in files]
    for file in files:
        file.unlink()
    return found


@pytest.mark.needs("fetchmail")
@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_fetchmail_takes_the_mail_away(account: Account, protocol: str, tmp_path: Path) -> None:
    account.deliver(mail("one"), mail("two", ".\r\n..\r\n.x"))

    assert _fetchmail(account, protocol, "nokeep", home=tmp_path) == [mail("one"), mail("two", ".\r\n..\r\n.x")]
    assert account.octets() == []
    assert _fetchmail(account, protocol, "nokeep", home=tmp_path) == []


@pytest.mark.needs("fetchmail")
@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_fetchmail_keeps_the_mail_and_takes_it_once(account: Account, protocol: str, tmp_path: Path) -> None:
    account.deliver(mail("one"), mail("two"))

    assert _fetchmail(account, protocol, "keep", home=tmp_path) == [mail("one"), mail("two")]
    account.deliver(mail("three"))
    assert _fetchmail(account, protocol, "keep", home=tmp_path) == [mail("three")]
    assert len(account.octets()) == 3


# -- getmail


def _getmail(account: Account, protocol: str, *, delete: bool, home: Path) -> list[bytes]:
    """Run getmail once; gives the messages that it has handed on."""
    port = account.server.imap if protocol == "IMAP" else account.server.pop3
    # getmail begins to wait for the program's end when it may have ended, and then never hears of it.
    hand_on = _hand_on(home, last="sleep 0.3")
    (home / "getmailrc").write_text(
        f"[retriever]\ntype = Simple{protocol}Retriever\nserver = 127.0.0.1\nport = {port}\nusername = {account.name}\n"
        f"password = secret\n[destination]\ntype = MDA_external\npath = {hand_on}\nallow_root_commands = true\n"
        f"[options]\nread_all = false\ndelete = {delete}\ndelivered_to = false\nreceived = false\n"
    )
    run(["getmail", "--getmaildir", home, "--rcfile", home / "getmailrc"], home)
    return _handed_on(home)


@pytest.mark.needs("getmail")
@pytest.mark.parametrize("protocol", ["POP3", "IMAP"])
def test_getmail_takes_the_mail_away(account: Account, protocol: str, tmp_path: Path) -> None:
    account.deliver(mail("one"), mail("two", ".\r\n.."))

    assert _getmail(account, protocol, delete=True, home=tmp_path) == [mail("one"), mail("two", ".\r\n..")]
    assert account.octets() == []
    assert _getmail(account, protocol, delete=True, home=tmp_path) == []


@pytest.mark.needs("getmail")
@pytest.mark.parametrize("protocol", ["POP3", "IMAP"])
def test_getmail_keeps_the_mail_and_takes_it_once(account: Account, protocol: str, tmp_path: Path) -> None:
    account.deliver(mail("one"), mail("two"))

    assert _getmail(account, protocol, delete=False, home=tmp_path) == [mail("one"), mail("two")]
    account.deliver(mail("three"))
    assert _getmail(account, protocol, delete=False, home=tmp_path) == [mail("three")]
    assert len(account.octets()) == 3
