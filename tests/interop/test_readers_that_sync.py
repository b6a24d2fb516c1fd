"""mbsync and offlineimap keep a Maildir and an account in step, in both directions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from reading import mail, maildir, run
from syncing import mbsync, offlineimap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reading import Account

    Sync = Callable[[Account, Path], str]

pytestmark = pytest.mark.interop


def _mbsync(account: Account, home: Path) -> str:
    return run(mbsync(account.name, account.server.imap, home), home)


def _offlineimap(account: Account, home: Path) -> str:
    return run(offlineimap(account.name, account.server.imap, home), home)


CLIENTS = [
    pytest.param(_mbsync, marks=pytest.mark.needs("mbsync"), id="mbsync"),
    pytest.param(_offlineimap, marks=pytest.mark.needs("offlineimap"), id="offlineimap"),
]
each_client = pytest.mark.parametrize("sync", CLIENTS)


@each_client
def test_a_maildir_gets_every_message_once(account: Account, sync: Sync, tmp_path: Path) -> None:
    sent = [
        each for each in [mail("one"), *account.odd()] if re.search(rb"\n\r?\n", each)
    ]  # mbsync wants a header's end
    account.deliver(*sent)
    sync(account, tmp_path)
    first = _state(tmp_path)
    sync(account, tmp_path)

    found = maildir(tmp_path / "mail" / "INBOX")
    assert len(found) == len(sent)
    assert mail("one") in found
    if sync is _mbsync:  # offlineimap writes messages anew, and mends broken multiparts
        assert sorted(map(_lines, found)) == sorted(map(_lines, sent))
    assert _state(tmp_path) == first
    assert account.octets() == sent


def _lines(octets: bytes) -> bytes:
    """A Maildir has LF for CRLF, so all line ends look alike; and no CR before one."""
    return octets.replace(b"\r", b"").rstrip(b"\n")


def _state(home: Path) -> list[str]:
    """The names of all files of the Maildir, flags and UIDs included."""
    files = [file for name in ("cur", "new") for file in (home / "mail").rglob(f"{name}/*")]
    return sorted(str(file.relative_to(home)) for file in files)


@each_client
def test_flags_go_both_ways(account: Account, sync: Sync, tmp_path: Path) -> None:
    account.deliver(mail("one"), mail("two"), mail("three"))
    with account.imap() as client:
        client.ok("SELECT INBOX")
        client.ok(r"STORE 2 +FLAGS (\Seen \Flagged)")
    sync(account, tmp_path)
    assert _flags_of(tmp_path, b"two") == "FS"
    _set_flags(tmp_path, b"one", "RS")
    _set_flags(tmp_path, b"two", "F")
    sync(account, tmp_path)

    assert account.flags() == {b"one": {"\\Seen", "\\Answered"}, b"two": {"\\Flagged"}, b"three": set()}


@each_client
def test_removals_and_new_messages_go_both_ways(account: Account, sync: Sync, tmp_path: Path) -> None:
    account.deliver(mail("one"), mail("two"), mail("three"))
    sync(account, tmp_path)
    with account.imap() as client:
        client.ok("SELECT INBOX")
        client.ok(r"STORE 1 +FLAGS (\Deleted)")
        client.ok("EXPUNGE")
    _file(tmp_path, b"two").unlink()
    (tmp_path / "mail" / "INBOX" / "new" / "1700000000.1.here").write_bytes(
        mail("written here").replace(b"\r\n", b"\n")
    )
    account.deliver(mail("four"))
    sync(account, tmp_path)

    assert set(account.flags()) == {b"three", b"four", b"written here"}
    found = sorted(maildir(tmp_path / "mail" / "INBOX"))
    assert found == sorted([mail("three"), mail("four"), mail("written here")])
    before = _state(tmp_path)
    sync(account, tmp_path)
    assert _state(tmp_path) == before
    assert len(account.octets()) == 3


@each_client
def test_mailboxes_go_both_ways(account: Account, sync: Sync, tmp_path: Path) -> None:
    account.deliver(mail("one"))
    with account.imap() as client:
        client.ok("CREATE Projects/2026")
        client.ok("SUBSCRIBE Projects/2026")
        client.ok(r"APPEND Projects/2026 (\Seen) {}", mail("filed"))
    for name in ("cur", "new", "tmp"):
        (tmp_path / "mail" / "Drafts 2" / name).mkdir(parents=True)
    (tmp_path / "mail" / "Drafts 2" / "cur" / "1700000000.2.here:2,DS").write_bytes(b"Subject: draft\n\nhi\n")
    sync(account, tmp_path)

    assert maildir(tmp_path / "mail" / "Projects" / "2026") == [mail("filed")]
    assert account.flags('"Drafts 2"') == {b"draft": {"\\Draft", "\\Seen"}}


def _file(home: Path, subject: bytes) -> Path:
    """The file of the message with this subject."""
    files = [file for sub in ("new", "cur") for file in (home / "mail" / "INBOX" / sub).iterdir()]
    [found] = [file for file in files if b"Subject: " + subject in file.read_bytes()]
    return found


def _flags_of(home: Path, subject: bytes) -> str:
    return _file(home, subject).name.partition(":2,")[2]


def _set_flags(home: Path, subject: bytes, flags: str) -> None:
    file = _file(home, subject)
    file.rename(home / "mail" / "INBOX" / "cur" / (file.name.partition(":2,")[0] + ":2," + flags))
