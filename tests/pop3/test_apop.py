"""APOP with a password, and CRAM-MD5 beside it: digests of what the server said (RFC 1939 §7, RFC 2195)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import md5
from hmac import new as hmac
from typing import Any

import pytest

from mailtrap.configured import Accounts, Configured
from mailtrap.transcript import MASKED

ANN = "ann@example.com"


@pytest.fixture
def pop3(make_pop3: Callable[..., Any]) -> Any:
    accounts = Accounts()
    made = make_pop3(accounts=accounts)
    accounts.put(made.project, Configured(ANN, "tanstaaf"))
    return made


def apop(conversation: Any, password: str) -> bytes:
    digest = md5((conversation.session.timestamp + password).encode()).hexdigest()
    conversation.send(f"APOP {ANN} {digest}\r\n".encode())
    return bytes(conversation.line())


def test_the_digest_of_the_right_password_alone_is_taken(pop3: Any) -> None:
    conversation = pop3.connect()

    assert apop(conversation, "wrong").startswith(b"-ERR [AUTH] ")
    assert apop(conversation, "tanstaaf") == b"+OK 0 messages"


def test_every_session_has_a_timestamp_of_its_own(pop3: Any) -> None:
    one, other = pop3.connect().session.timestamp, pop3.connect().session.timestamp

    assert one != other
    assert one.startswith("<")
    assert one.endswith("@sandbox.localhost>")


def test_no_digest_is_in_a_transcript(pop3: Any) -> None:
    conversation = pop3.connect()
    apop(conversation, "tanstaaf")

    said = [line.octets for line in conversation.session.transcript.lines() if line.who == "C"]
    assert said == [b"APOP ann@example.com " + MASKED]


def test_cram_md5_takes_the_right_digest_alone(pop3: Any) -> None:
    conversation = pop3.connect()
    for password, answer in ((b"wrong", b"-ERR [AUTH]"), (b"tanstaaf", b"+OK")):
        conversation.send(b"AUTH CRAM-MD5\r\n")
        challenge = b64decode(conversation.line()[2:])
        digest = hmac(password, challenge, md5).hexdigest()
        conversation.send(b64encode(f"{ANN} {digest}".encode()) + b"\r\n")
        assert conversation.line().startswith(answer)


def test_who_goes_on_with_wrong_passwords_waits(pop3: Any) -> None:
    conversation = pop3.connect()
    apop(conversation, "wrong")
    assert conversation.session.pause == 0

    apop(conversation, "wrong")
    assert conversation.session.pause == 0.5


@pytest.mark.parametrize("answer", [b"", b"AQ==", b"*", b"no base64"])
def test_a_token_that_is_refused_was_wrong_whatever_is_said_to_its_explanation(pop3: Any, answer: bytes) -> None:
    conversation = pop3.connect()
    conversation.send(b"AUTH XOAUTH2\r\n*\r\n")  # nothing was shown: that is none
    assert [conversation.line()[:4] for _ in range(2)] == [b"+ ", b"-ERR"]

    for pause in (0, 0.5):
        conversation.send(b"AUTH XOAUTH2 " + b64encode(f"user={ANN}\x01auth=Bearer wrong\x01\x01".encode()) + b"\r\n")
        assert conversation.line().startswith(b"+ ey")
        assert conversation.session.pause == pause  # before anything is said of it
        conversation.send(answer + b"\r\n")
        assert conversation.line().startswith(b"-ERR [AUTH] ")
    assert apop(conversation, "tanstaaf") == b"+OK 0 messages"
