"""A wall clock that jumps: it stamps what comes, and decides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from imap_client import ImapClient
from process import Start
from reading import mail
from smtp_client import SmtpClient
from trouble import Trouble, compiled

pytestmark = [pytest.mark.needs("cc")]

YEAR = 365 * 24 * 3600
JUMPS = (0, -YEAR, 10 * YEAR, -20 * YEAR, 3600)


def test_a_jump_changes_no_order_and_ends_nothing(start: Start, tmp_path: Path) -> None:
    trouble = Trouble(compiled(tmp_path), tmp_path / "orders")
    process = start(tmp_path / "data", env=trouble.environment)
    with (
        ImapClient(("127.0.0.1", process.imap)) as watching,
        ImapClient(("127.0.0.1", process.imap)) as idle,
        SmtpClient(("127.0.0.1", process.smtp)) as smtp,
    ):
        watching.log_in("ann@x.test").ok("SELECT INBOX")
        idle.log_in("ann@x.test").ok("SELECT INBOX")
        with idle.idle():
            for number, jump in enumerate(JUMPS, 1):
                trouble["clock"] = jump
                smtp.send(mail(str(number)), rcpt_to=["ann@x.test"])  # no session is too old, or was silent too long
                assert next(said for said in iter(idle.hear, None) if said[1] == "EXISTS") == [number, "EXISTS"]
                watching.ok("NOOP")

        subjects = [str(number) for number in range(1, len(JUMPS) + 1)]
        fetched = watching.ok("UID FETCH 1:* (UID ENVELOPE)").fetched()
        assert [each["ENVELOPE"][1].decode() for _, each in sorted(fetched.items())] == subjects
        assert [each["UID"] for _, each in sorted(fetched.items())] == list(range(1, len(JUMPS) + 1))
        uidvalidity = watching.ok("STATUS INBOX (UIDVALIDITY)").of("STATUS")
    assert [each["subject"] for each in process.messages()] == subjects[::-1]
    trouble["clock"] = -30 * YEAR
    assert process.stop() == 0

    again = start(tmp_path / "data", env=trouble.environment)
    assert [each["subject"] for each in again.messages()] == subjects[::-1]
    with ImapClient(("127.0.0.1", again.imap)) as client:
        assert client.log_in("ann@x.test").ok("STATUS INBOX (UIDVALIDITY)").of("STATUS") == uidvalidity
        client.ok("CREATE new")
        [[_, [_, newest]]] = client.ok("STATUS new (UIDVALIDITY)").of("STATUS")
    assert newest > uidvalidity[0][1][1]  # it was 30 years ago, yet no UIDVALIDITY comes twice
    assert again.stop() == 0
