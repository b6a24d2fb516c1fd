"""A long conversation, to ours and to Dovecot: each answer is equivalent, or parts for a reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from answers import told
from dialogue import PARTINGS, SCRIPT
from imap_client import ImapClient
from reading import mail

if TYPE_CHECKING:
    from dovecot import Dovecot
    from process import Process

pytestmark = [pytest.mark.interop, pytest.mark.needs("dovecot")]


def test_a_long_conversation_goes_alike(mailtrap: Process, dovecot: Dovecot) -> None:
    ours, theirs = (_conversation(port) for port in (mailtrap.imap, dovecot.imap))
    partings = {
        line: f"{line}\n      ours: {mine}\n   Dovecot: {yours}"
        for line, mine, yours in zip(SCRIPT, ours, theirs, strict=True)
        if mine != yours
    }

    unknown = [said for line, said in partings.items() if not any(re.fullmatch(each, line) for each in PARTINGS)]
    gone = [each for each in PARTINGS if not any(re.fullmatch(each, line) for line in partings)]
    assert not unknown, "\n".join(unknown)
    assert not gone, f"no difference any more: {gone}"


def _conversation(port: int) -> list[object]:
    with ImapClient(("127.0.0.1", port)) as client:
        client.log_in("dialogue@x.test")
        for number in range(6):
            flags = ["", r"\Seen", "work"][number % 3]
            client.ok(f'APPEND INBOX ({flags}) "0{number + 1}-Jan-2026 10:00:00 +0000" {{}}', mail(f"message {number}"))
        return [told(client.command(line)) for line in SCRIPT]
