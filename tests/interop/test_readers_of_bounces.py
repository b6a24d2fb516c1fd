"""What mailing lists read bounces with reads ours: flufl.bounce, which Mailman has."""

from __future__ import annotations

import poplib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from smtplib import SMTP

import pytest

from mailtrap.sandbox import Sandbox

pytestmark = [pytest.mark.interop, pytest.mark.needs("flufl")]

MESSAGE = b"From: list@shop.test\r\nTo: members\r\nSubject: news\r\n\r\nnews\r\n"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pop3=0) as running:
        yield running


def send(sandbox: Sandbox, *rcpt_to: str, rcpt_options: tuple[str, ...] = ()) -> None:
    with SMTP(*sandbox.address("smtp"), timeout=20) as smtp:
        smtp.sendmail("list@shop.test", rcpt_to, MESSAGE, rcpt_options=rcpt_options)
    sandbox.clock.advance(3600)  # all that is due then has been filed


def returned(sandbox: Sandbox) -> list[Message]:
    """What is in the maildrop of who sent the messages."""
    client = poplib.POP3(*sandbox.address("pop3"), timeout=20)
    client.user("list@shop.test")
    client.pass_("secret")
    count, _ = client.stat()
    found = [b"\r\n".join([*client.retr(number)[1], b""]) for number in range(1, count + 1)]
    client.quit()
    return [message_from_bytes(each) for each in found]


def test_the_recipients_that_failed_are_found(sandbox: Sandbox) -> None:
    from flufl.bounce import scan_message

    send(sandbox, "bounce+5.1.1@fault.test", "bob@example.net", "bounce+5.2.2+1h@fault.test")

    assert [scan_message(each) for each in returned(sandbox)] == [
        {b"bounce+5.1.1@fault.test"},
        {b"bounce+5.2.2+1h@fault.test"},
    ]


def test_a_delay_is_no_failure_and_a_success_is_neither(sandbox: Sandbox) -> None:
    from flufl.bounce import all_failures

    send(sandbox, "bounce+4.4.1+2h@fault.test", rcpt_options=("NOTIFY=DELAY",))
    send(sandbox, "bob@example.net", rcpt_options=("NOTIFY=SUCCESS",))

    [delay, success] = returned(sandbox)
    assert all_failures(delay) == (frozenset({b"bounce+4.4.1+2h@fault.test"}), frozenset())
    assert all_failures(success) == (frozenset(), frozenset())
