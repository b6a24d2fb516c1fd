"""mutt, at a terminal, reads mail where it lies."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import pytest
from reading import mail

if TYPE_CHECKING:
    from pathlib import Path

    from reading import Account

pytestmark = [pytest.mark.interop, pytest.mark.needs("mutt")]

MUTTRC = """\
set imap_user = "{account.name}"
set imap_pass = "secret"
set ssl_starttls = no
set ssl_force_tls = no
set spoolfile = "imap://127.0.0.1:{account.server.imap}/INBOX"
set folder = "imap://127.0.0.1:{account.server.imap}/"
set header_cache = "{home}/headers"
set message_cachedir = "{home}/bodies"
set delete = yes
set quit = yes
set move = no
set wait_key = no
set mark_old = no
set confirmappend = no
set sort = mailbox-order
set pager_stop = yes
set imap_idle = no
set timeout = 1
set mail_check = 1
set index_format = "<%Z> %s"
set status_format = "[%f] %m messages"
unset arrow_cursor
"""


PATIENCE = 30
"""Seconds, for each thing that is waited for."""

REDRAW, KILL_LINE = "\x0c", "\x15"
"""Control-L: without it only what has changed is drawn; and Control-U."""


class Terminal:
    """A program at a terminal of its own: what it shows, and keys to press."""

    def __init__(self, command: list[str], home: Path) -> None:
        self.shown = ""
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", "TERM": "vt100", "LC_ALL": "C.UTF-8"}
            os.execvpe(command[0], command, environ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._child, 0)
        os.close(self._terminal)

    def press(self, keys: str) -> None:
        """Type *keys*, after which only what comes then counts as shown."""
        self.shown = ""
        os.write(self._terminal, keys.encode())

    def expect(self, text: str) -> None:
        """Wait until *text* is shown."""
        until = time.monotonic() + PATIENCE
        while text not in self.shown:
            if not self._read(until):
                raise AssertionError(f"{text!r} is not shown, but {self.shown!r}")

    def ended(self) -> int:
        """Wait for the program's end; gives its exit code."""
        until = time.monotonic() + PATIENCE
        while self._read(until):
            pass
        if time.monotonic() >= until:
            raise AssertionError(f"it does not end, but shows {self.shown!r}")
        return os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])

    def _read(self, until: float) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, until - time.monotonic()))
        try:
            octets = os.read(self._terminal, 1 << 16) if ready else b""
        except OSError:  # Linux's way to say that the program has closed its terminal
            return False
        self.shown += re.sub(r"\x1b[\[()][0-9;?]*[A-Za-z0-9]?", "", octets.decode("utf-8", "replace"))
        return bool(octets)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_mutt_reads_flags_and_deletes(account: Account, tmp_path: Path) -> None:
    account.deliver(mail("one"), mail("two", "Die Größe stimmt."), mail("three"))
    with _mutt(account, tmp_path) as mutt:
        mutt.expect("3 messages")
        mutt.press("2\n")
        mutt.press("\n")
        mutt.expect("Die Größe stimmt.")
        mutt.press("i")
        mutt.expect("three")
        mutt.press("F")
        mutt.press("3\nd")
        mutt.press("$" + REDRAW)
        mutt.expect("2 messages")
        mutt.press("q")
        assert mutt.ended() == 0

    assert account.flags() == {b"one": set(), b"two": {"\\Seen", "\\Flagged"}}


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_mutt_sees_new_mail_and_copies_it_to_a_new_mailbox(account: Account, tmp_path: Path) -> None:
    account.deliver(mail("one"))
    with _mutt(account, tmp_path) as mutt:
        mutt.expect("1 messages")
        account.deliver(mail("two"))
        mutt.expect("two")
        mutt.press("2\ns")
        mutt.expect("Save to mailbox")
        mutt.press(KILL_LINE + "=Kept\n")
        mutt.expect("Create")
        mutt.press("y")
        mutt.press("$" + REDRAW)
        mutt.expect("1 messages")
        mutt.press("q")
        assert mutt.ended() == 0

    assert set(account.flags()) == {b"one"}
    assert account.octets("Kept") == [mail("two")]


def _mutt(account: Account, home: Path) -> Terminal:
    (home / "bodies").mkdir()
    (home / "muttrc").write_text(MUTTRC.format(account=account, home=home))
    return Terminal(["mutt", "-n", "-F", str(home / "muttrc")], home)
