"""What was acknowledged is there after a restart, once, with the octets as sent; tests/reliability is less kind."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from imap_client import ImapClient
from smtp_client import SmtpClient, kept

if TYPE_CHECKING:
    from process import Process, Start

pytestmark = pytest.mark.interop


def test_a_restarted_sandbox_has_everything(start: Start, tmp_path: Path, all_corpus_files: list[Path]) -> None:
    first = start(tmp_path / "data")
    sent = [file.read_bytes() for file in all_corpus_files]
    with SmtpClient(("127.0.0.1", first.smtp)) as client:
        for each in sent:
            client.send(each)
    assert first.stop() == 0
    second = start(tmp_path / "data")

    found = [second.raw(message) for message in second.messages()]
    assert Counter(found) == Counter(map(kept, sent))
    assert second.stop() == 0


def test_a_restarted_sandbox_shows_mail_programs_the_same_mailboxes(
    start: Start, tmp_path: Path, all_corpus_files: list[Path]
) -> None:
    first = start(tmp_path / "data")
    with SmtpClient(("127.0.0.1", first.smtp)) as smtp, ImapClient(("127.0.0.1", first.imap)) as imap:
        for file in all_corpus_files:
            smtp.send(file.read_bytes(), rcpt_to=["ann@x.test"])
        imap.log_in("ann@x.test").ok("SELECT INBOX")
        imap.ok("CREATE Work/2026")
        imap.ok("SUBSCRIBE Work/2026")
        imap.ok(r"STORE 2:9 +FLAGS (\Seen $Junk)")
        imap.ok(r"STORE 5 +FLAGS (\Deleted)")
        imap.ok("COPY 3:4 Work/2026")
        imap.ok("MOVE 7 Work/2026")
        imap.ok("EXPUNGE")
        imap.ok(r'APPEND Work/2026 (\Draft) "01-Feb-2020 03:04:05 +0100" {}', b"Subject: draft\n\nhi")
    seen = _seen(first)
    first.kill()

    assert _seen(start(tmp_path / "data")) == seen
    assert len(seen) == 2 + 2 + 2 * (len(all_corpus_files) - 2 + 4)


def _seen(process: Process) -> list[list[object]]:
    """What a session is told of its mailboxes: UIDVALIDITY and every message included."""
    with ImapClient(("127.0.0.1", process.imap)) as client:
        client.log_in("ann@x.test")
        told = client.ok('LIST (SUBSCRIBED) "" (INBOX Work/*)').of("LIST")
        for mailbox in ("INBOX", "Work/2026"):
            told += client.ok(f"STATUS {mailbox} (UIDVALIDITY UIDNEXT MESSAGES UNSEEN SIZE)").of("STATUS")
            client.ok(f"EXAMINE {mailbox}")
            fetched = client.ok("FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])").fetched()
            told += [
                [number, items["UID"], items["INTERNALDATE"], items["BODY[]"]] for number, items in fetched.items()
            ]
            told += [sorted({*items["FLAGS"]} - {"\\Recent"}) for items in fetched.values()]  # \Recent is no promise
    return told


def test_a_second_sandbox_on_the_same_data_is_refused_by_name(start: Start, tmp_path: Path) -> None:
    first = start(tmp_path)
    command = [sys.executable, "-m", "mailtrap", "--smtp", "0", "--http", "off", "--data", str(tmp_path)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert (second.returncode, second.stdout) == (1, "")
    assert f"{tmp_path} is in use by process {first.popen.pid}" in second.stderr
    assert first.get("/readyz").status_code == 200
