"""LMTP as a client of it sees it, at a port of its own."""

from __future__ import annotations

import smtplib
from typing import Any

from mailtrap.clock import Clock
from mailtrap.faults import Faults, Rule
from mailtrap.sandbox import Sandbox


def test_what_comes_by_lmtp_is_mail_like_any_other_and_says_how_it_came() -> None:
    with Sandbox(lmtp=0, smtp="off") as sandbox:
        host, port = sandbox.address("lmtp")
        with smtplib.LMTP(host, port) as client:
            client.sendmail("ann@example.com", ["bob@example.com", "dora@example.com"], b"Subject: x\r\n\r\nhello\r\n")
            assert client.getreply()[0] == 250  # smtplib reads the first alone

        [message] = sandbox.messages()
        [session] = sandbox.store.sessions(limit=10)
    assert message.origin == "lmtp"
    assert message.accounts == ["catchall", "bob@example.com", "dora@example.com"]
    assert session.protocol == "lmtp"


def test_whom_it_was_refused_to_is_on_record_one_by_one(server: Any) -> None:
    server.with_limits(lmtp=True)
    conversation = server.connect()
    conversation.line()
    conversation.ask(b"LHLO client.example")
    conversation.ask(b"MAIL FROM:<ann@example.com>")
    for each in (b"bounce+5.1.1", b"bounce+5.2.2"):
        conversation.ask(b"RCPT TO:<%b@fault.test>" % each)
    conversation.ask(b"DATA")
    conversation.send(b"hello\r\n.\r\n")
    answers = [conversation.reply(), conversation.reply()]

    assert [answer[:9] for answer in answers] == [b"550 5.1.1", b"550 5.2.2"]
    assert [(each.envelope.rcpt_to, each.partial) for each in server.refusals()] == [
        (("bounce+5.1.1@fault.test",), b"hello\r\n"),
        (("bounce+5.2.2@fault.test",), b"hello\r\n"),
    ]
    assert server.current.wait_idle(server.project, timeout=0)
    assert server.messages() == []


def test_a_bounce_that_can_do_nothing_any_more_says_so_in_the_transcript(server: Any) -> None:
    faults = Faults(Clock())
    faults.add(Rule("smtp.stored", "bounce 5.1.1", rcpt="bob@example.com"))
    server.with_limits(lmtp=True, faults=faults)
    conversation = server.connect()
    conversation.line()
    conversation.ask(b"LHLO client.example")
    for command in (
        b"MAIL FROM:<ann@example.com>",
        b"RCPT TO:<bob@example.com>",
        b"RCPT TO:<dora@example.com>",
        b"DATA",
    ):
        conversation.ask(command)
    conversation.send(b"hello\r\n.\r\n")
    answers = [conversation.reply(), conversation.reply()]

    assert [answer[:9] for answer in answers] == [b"250 2.0.0", b"250 2.0.0"]
    remarks = [line.octets for line in conversation._protocol.transcript.lines() if line.who == "-"]
    assert [each for each in remarks if b"bounce" in each] == [
        b"fault 1: bounce 5.1.1 the message could not be delivered",
        b"nothing bounces: in LMTP only a reply could say so, and the message is stored",
    ]


def test_nobody_logs_in_to_lmtp_where_others_must() -> None:
    with Sandbox(lmtp=0, auth="required") as sandbox, smtplib.LMTP(*sandbox.address("lmtp")) as client:
        client.sendmail("ann@example.com", ["bob@example.com"], b"hello\r\n")

        assert len(sandbox.messages()) == 1
