"""Who logs in: whose project the mail goes into, what is kept of them, and how long the wrong password takes."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from hashlib import md5
from typing import Any

import pytest
from faulty import Watched

from mailtrap.bus import ProjectDeleted
from mailtrap.configured import Accounts, Configured
from mailtrap.transcript import MASKED

MAIL = b"MAIL FROM:<app@shop.test>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\nSubject: x\r\n\r\n.\r\n"


def plain(user: str, password: str = "any") -> bytes:
    return b"AUTH PLAIN " + b64encode(f"\0{user}\0{password}".encode())


def send(conversation: Any) -> None:
    conversation.send(MAIL)
    assert [conversation.reply()[:3] for _ in range(4)] == [b"250", b"250", b"354", b"250"]


@pytest.fixture
def accounts(server: Any) -> Accounts:
    """What is configured with the server."""
    made = Accounts(server.store)
    server.with_limits(accounts=made)
    return made


def test_mail_of_who_logs_in_as_a_project_goes_there(server: Any, accounts: Accounts) -> None:
    team = server.store.new_project()
    accounts.give_password(team.id, "s3cret")
    conversation = server.greeted()

    assert conversation.ask(plain(team.name, "wrong")).startswith(b"535 5.7.8 ")
    assert conversation.ask(plain(team.name, "s3cret")).startswith(b"235")
    send(conversation)
    send(conversation)

    assert server.messages() == []
    [one, _] = server.store.messages(team.id).summaries
    assert one.envelope.user == team.name
    assert one.accounts == ("catchall", "ann@example.com")


@pytest.mark.usefixtures("accounts")
def test_an_account_of_a_project_gets_what_it_sends_unless_it_is_an_address(server: Any) -> None:
    team = server.store.new_project()
    for user in ("job-4711", "eve@example.com"):
        conversation = server.greeted()
        assert conversation.ask(plain(f"{team.name}/{user}")).startswith(b"235")
        send(conversation)

    eve, job = server.store.messages(team.id).summaries
    assert job.accounts == ("catchall", "ann@example.com", "job-4711")
    assert eve.accounts == ("catchall", "ann@example.com")


def test_quotes_that_are_not_needed_are_in_the_envelope_alone(server: Any) -> None:
    conversation = server.greeted()
    conversation.send(MAIL.replace(b"<ann@example.com>", b'<"\\Ann"@example.com>'))
    assert [conversation.reply()[:3] for _ in range(4)] == [b"250", b"250", b"354", b"250"]

    [message] = server.messages()
    assert message.envelope.rcpt_to == ('"\\Ann"@example.com',)
    assert message.accounts == ("catchall", "ann@example.com")


def test_who_names_no_project_sends_into_the_one_that_is_current_at_mail(server: Any) -> None:
    later = server.store.new_project().id
    conversation = server.greeted()
    conversation.ask(plain("job-4711"))

    with server.current.set_to(later):
        send(conversation)

    [message] = server.store.messages(later).summaries
    assert message.accounts == ("catchall", "ann@example.com", "job-4711")


def test_a_project_is_not_idle_while_a_transaction_that_named_it_is_under_way(server: Any) -> None:
    team = server.store.new_project()
    conversation = server.greeted()
    conversation.ask(plain(team.name))
    conversation.ask(b"MAIL FROM:<app@shop.test>")

    assert not server.current.wait_idle(team.id, 0)
    conversation.ask(b"RSET")
    assert server.current.wait_idle(team.id, 20)


def test_mail_for_a_project_that_was_deleted_meanwhile_is_refused(server: Any) -> None:
    team = server.store.new_project()
    conversation = server.greeted()
    conversation.ask(plain(team.name))
    server.current.hear(ProjectDeleted(team.id, 1))

    assert conversation.ask(b"MAIL FROM:<app@shop.test>") == b"550 5.7.1 The project was deleted"
    assert conversation.ask(b"NOOP").startswith(b"250")


@pytest.mark.parametrize("lmtp", [False, True])
def test_and_so_it_is_at_its_end_where_that_was_during_the_transaction(
    server: Any, caplog: pytest.LogCaptureFixture, *, lmtp: bool
) -> None:
    team = server.store.new_project()
    server.with_limits(lmtp=lmtp)
    conversation = server.connect()
    conversation.line()
    conversation.ask(b"LHLO mta.example" if lmtp else b"EHLO app.example")
    conversation.ask(plain(team.name))
    conversation.send(MAIL.removesuffix(b".\r\n"))
    assert [conversation.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
    server.store.delete_project(team.id)

    assert conversation.ask(b".") == b"550 5.7.1 The project was deleted"
    [refusal] = server.store.refusals(team.id)
    assert (refusal.stage, refusal.reply) == ("DATA", "550 5.7.1 The project was deleted")
    assert caplog.text == ""


def test_who_delivers_by_lmtp_need_not_log_in_but_recipients_are_refused_all_the_same(server: Any) -> None:
    accounts = Accounts(server.store, policy="required", known_recipients=True)
    accounts.put(server.project, Configured("ann@example.com"))
    server.with_limits(accounts=accounts, lmtp=True)
    conversation = server.connect()
    conversation.line()

    assert conversation.ask(b"LHLO mta.example").startswith(b"250")
    assert conversation.ask(b"MAIL FROM:<app@shop.test>").startswith(b"250")
    assert conversation.ask(b"RCPT TO:<bob@example.com>").startswith(b"550 5.1.1")
    assert conversation.ask(b"RCPT TO:<ann@example.com>").startswith(b"250")


def test_cram_md5_takes_the_right_digest_alone(server: Any, accounts: Accounts) -> None:
    accounts.put(server.project, Configured("ann", "s3cret"))
    conversation = server.greeted()

    for password, answer in ((b"wrong", b"535"), (b"s3cret", b"235")):
        challenge = b64decode(conversation.ask(b"AUTH CRAM-MD5")[4:])
        digest = hmac.new(password, challenge, md5).hexdigest().encode()
        assert conversation.ask(b64encode(b"ann " + digest)).startswith(answer)


def test_a_log_in_is_forgotten_with_tls_only(server: Any) -> None:
    conversation = server.greeted()
    conversation.ask(plain("job-4711"))
    conversation.ask(b"EHLO again.example")
    conversation.ask(b"RSET")

    assert conversation.ask(plain("job-4711")).startswith(b"503 5.5.1 ")
    send(conversation)
    assert server.messages()[0].envelope.user == "job-4711"


def test_no_transcript_has_what_was_said_to_log_in(server: Any, accounts: Accounts) -> None:
    accounts.put(server.project, Configured("ann", "s3cret"))
    conversation = server.greeted()
    for line in (plain("ann", "hunter2"), b"AUTH LOGIN", b64encode(b"ann"), b64encode(b"hunter2")):
        conversation.ask(line)
    conversation.ask(b"AUTH  xoauth2   " + b64encode(b"user=ann\x01auth=Bearer hunter2\x01\x01"))
    conversation.ask(b"")

    lines = [line.octets for line in conversation._protocol.transcript.lines() if line.who == "C"]
    assert lines[1:] == [
        b"AUTH PLAIN " + MASKED,
        b"AUTH LOGIN",
        MASKED,
        MASKED,
        b"AUTH  xoauth2   " + MASKED,
        MASKED,
    ]


def test_a_line_of_12288_octets_is_taken_and_a_longer_one_is_not(server: Any) -> None:
    conversation = server.greeted()
    conversation.ask(b"AUTH XOAUTH2")

    start = b"user=ann\x01auth=Bearer "
    longest = b64encode(start + b"x" * (12_288 // 4 * 3 - len(start) - 2) + b"\x01\x01")
    assert len(longest) == 12_288
    assert server.greeted().ask(b"AUTH XOAUTH2 " + longest[: 12_288 - 15]).startswith(b"501 5.5.2")
    assert conversation.ask(longest + b"====").startswith(b"500 5.5.6")
    conversation.ask(b"AUTH XOAUTH2")
    assert conversation.ask(longest).startswith(b"235")


def test_who_goes_on_with_wrong_passwords_waits_and_nobody_else(server: Any) -> None:
    clock, accounts = Watched(), Accounts(server.store)
    accounts.put(server.project, Configured("ann", "s3cret"))
    server.with_limits(accounts=accounts, clock=clock)
    conversation, other = server.greeted(), server.greeted()

    assert conversation.ask(plain("ann", "wrong")).startswith(b"535")
    conversation.send(plain("ann", "wrong") + b"\r\n")
    assert clock.pause() == 0.5
    assert other.ask(plain("bob")).startswith(b"235")
    assert conversation.received == b""
    clock.advance(0.5)
    assert conversation.reply().startswith(b"535")
    clock.close()


@pytest.mark.parametrize("answer", [b"", b"AQ==", b"*", b"no base64"])
def test_a_token_that_is_refused_was_wrong_whatever_is_said_to_its_explanation(server: Any, answer: bytes) -> None:
    clock, accounts = Watched(), Accounts(server.store)
    accounts.put(server.project, Configured("ann", "s3cret"))
    server.with_limits(accounts=accounts, clock=clock)
    wrong = b"AUTH XOAUTH2 " + b64encode(b"user=ann\x01auth=Bearer wrong\x01\x01")
    conversation = server.greeted()
    assert conversation.ask(b"AUTH XOAUTH2") == b"334 "
    assert conversation.ask(b"*").startswith(b"501 5.7.0")  # nothing was shown: that is none

    assert conversation.ask(wrong).startswith(b"334 ey")
    assert conversation.ask(answer).startswith(b"535 5.7.8")
    conversation.send(wrong + b"\r\n")
    assert clock.pause() == 0.5
    assert conversation.received == b""  # nothing is said of it before
    clock.advance(0.5)
    assert conversation.reply().startswith(b"334 ey")
    assert conversation.ask(answer).startswith(b"535 5.7.8")
    assert conversation.ask(plain("ann", "s3cret")).startswith(b"235")
    clock.close()
