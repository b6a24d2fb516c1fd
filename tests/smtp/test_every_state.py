"""Every command in every state, with arguments right and wrong: an answer each time, and never an exception of ours."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailtrap.configured import Accounts, Configured
from mailtrap.smtp.registry import COMMANDS

GREETED = b"EHLO client.example\r\n"
IN_MAIL = GREETED + b"MAIL FROM:<ann@example.com>\r\n"
IN_RCPT = IN_MAIL + b"RCPT TO:<bob@example.com>\r\n"
STATES = {
    "fresh": b"",
    "after HELO": b"HELO client.example\r\n",
    "after EHLO": GREETED,
    "after MAIL": IN_MAIL,
    "after RCPT": IN_RCPT,
    "after a message": IN_RCPT + b"DATA\r\nhello\r\n.\r\n",
    "after AUTH": GREETED + b"AUTH PLAIN AGFubgBzZWNyZXQ=\r\n",
    "after RCPT was refused": IN_MAIL + b"RCPT TO:<>\r\n",
    "in AUTH": GREETED + b"AUTH LOGIN\r\n",
    "in data": IN_RCPT + b"DATA\r\n",
}

NAMES = [b"", b"client.example", b"[192.0.2.1]", b"[IPv6:2001:db8::1]", b"\xff", b"a b", b"x" * 600]
PATHS = b'<ann@example.com> <> ann@example.com <"a b"@example.com> <@a,@b:c@d> <a@[192.0.2.1]> <a@b <> < <<a@b>>'
ARGUMENTS: dict[str, list[bytes]] = {
    "MAIL": [b"FROM:" + path for path in PATHS.split(b" ")] + [b"", b"FROM", b"FROM:", b"TO:<a@b>", b"from: <a@b>"],
    "RCPT": [b"TO:" + path for path in PATHS.split(b" ")] + [b"", b"TO", b"TO:", b"FROM:<a@b>", b"to: <Postmaster>"],
    "AUTH": b"PLAIN|LOGIN|PLAIN AGFubgBzZWNyZXQ=|PLAIN =|PLAIN *|LOGIN YW5u|LOGIN !|CRAM-MD5|CRAM-MD5 YQ==|XOAUTH2|"
    b"XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIHQBAQ==|OAUTHBEARER|OAUTHBEARER bixhPWEsAWF1dGg9QmVhcmVyIHQBAQ==|GSSAPI|"
    b"SCRAM-SHA-256|SCRAM-SHA-256 biwsbj1hLHI9YQ==|plain|PLAIN a b c".split(b"|"),
    "BDAT": b"|0|0 LAST|5|5 LAST|3 LAST|-1|x|5 FIRST|5 LAST x|99999999999999999999 LAST|+5|0x5".split(b"|"),
    "XCLIENT": b"|NAME=a|ADDR=192.0.2.9|ADDR=|ADDR=IPV6:2001:db8::1 PORT=9|LOGIN=ann|PROTO=SMTP|HELO=a|X=y".split(b"|"),
}
OPTIONS = [
    *b"""SIZE=9 SIZE=99999999999 SIZE= SIZE BODY=8BITMIME BODY=BINARYMIME BODY=X SMTPUTF8 SMTPUTF8=1 AUTH=<> AUTH=
    RET=HDRS RET=FULL RET=X ENVID=a+2Bb ENVID=+ ENVID= NOTIFY=NEVER NOTIFY=SUCCESS,DELAY NOTIFY=NEVER,DELAY NOTIFY=
    ORCPT=rfc822;a@b ORCPT=utf-8;\xc3\xb6 ORCPT=; BY=9;R HOLDFOR=9 MT-PRIORITY=3 REQUIRETLS XYZ = == \xff""".split(),
]
LINES = [
    b"",
    b".",
    b"..",
    b"*",
    b"YW5u",
    b"AGFubgBzZWNyZXQ=",
    b"hello",
    b"Subject: x",
    b"\xff\xfe",
    b"\0",
    b"GET / HTTP/1.1",
]

verbs = st.sampled_from([each.encode() for each in sorted(COMMANDS) if each != "STARTTLS"] + [b"XYZZY", b"", b" "])
lines = st.one_of(
    verbs.flatmap(
        lambda verb: st.tuples(
            st.sampled_from(ARGUMENTS.get(verb.decode(), NAMES)), st.lists(st.sampled_from(OPTIONS), max_size=3)
        ).map(lambda it: b" ".join([verb, it[0], *it[1]]).rstrip(b" "))
    ),
    st.sampled_from(LINES),
    st.binary(max_size=12),
)
ENDS = st.sampled_from([b"\r\n"] * 6 + [b"\n", b"\r", b""])
conversations = st.lists(st.tuples(lines, ENDS).map(b"".join), max_size=8).map(b"".join)

THERE = (ip_network("192.0.2.0/24"),)
"""Where the clients are."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a server is, what it is told first, and how it is greeted."""

    options: dict[str, Any]
    first: bytes = b""
    hello: bytes = b"EHLO"


KINDS = {
    "LMTP": Kind({"lmtp": True}, hello=b"LHLO"),
    "full profile": Kind({"profile": "full"}),
    "no extension": Kind({"profile": "helo"}, hello=b"HELO"),
    "strict": Kind({"strict": True, "size_limit": 100, "recipients": 2}),
    "XCLIENT": Kind({"trust_xclient": THERE}),
    "PROXY": Kind({"proxy_protocol": THERE}, b"PROXY TCP4 198.51.100.1 192.0.2.2 4711 25\r\n"),
    "PROXY as it likes": Kind({"proxy_protocol": THERE}),
    "known recipients": Kind({}),
}

# one server for all examples: a session has nothing to do with the one before it
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)


class Complaints(logging.Handler):
    """What was logged as a bug."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(self.format(record))


@pytest.fixture(autouse=True)
def complaints() -> Iterator[list[str]]:
    """There must be none."""
    handler = Complaints()
    logger = logging.getLogger("mailtrap")
    logger.addHandler(handler)
    yield handler.records
    logger.removeHandler(handler)
    assert not handler.records, handler.records[0]


def said(server: Any, octets: bytes, piece: int | None = None) -> list[bytes]:
    """All lines that a new session answers *octets* with, which are all that the client says."""
    conversation = server.connect()
    conversation.send(octets, piece)
    conversation.end()
    server.conversations.clear()
    once = rb"(?<=id=).*|(?<=334 )P[DG].*|(?<=FUTURERELEASE ).*"  # an id, the challenge of CRAM-MD5, the time
    return [re.sub(once, b"", line) for line in conversation.rest()]


@pytest.mark.parametrize("state", STATES)
@shared
@given(octets=conversations, piece=st.integers(1, 7))
@example(octets=b"BDAT 5 LAST\r\nhelloBDAT 5\r\nhello", piece=1)
@example(octets=b"x" * 13_000 + b"\r\nNOOP\r\n", piece=7)
@example(octets=b"AUTH " * 3_000 + b"\r\nNOOP\r\n", piece=7)
@example(octets=b"MAIL FROM:<" + b"a" * 12_000 + b"@b>\r\n", piece=7)
@example(octets=b"MAIL FROM:<a@b>" + b" SIZE=1" * 1_700 + b"\r\n", piece=7)
@example(octets=b"RCPT TO:<" + b"@a," * 4_000 + b"@a:c@d>\r\n", piece=7)
@example(octets=b'RCPT TO:<"' + b"\\a" * 6_000 + b'"@b>\r\n', piece=7)
@example(octets=b"RSET\r\n" * 200, piece=7)
@example(octets=b"XYZZY\r\n" * 200, piece=7)
def test_anything_is_answered_the_same_in_any_pieces(
    server: Any, complaints: list[str], state: str, octets: bytes, piece: int
) -> None:
    answer = said(server, STATES[state] + octets)

    assert not complaints, complaints.pop()
    assert all(re.match(rb"[2-5][0-5]\d[ -]", line) for line in answer)
    assert not any(line.startswith(b"451 4.3.0") for line in answer)
    assert said(server, STATES[state] + octets, piece) == answer
    assert server.current.wait_idle(server.project, timeout=20)


@pytest.fixture
def of_kind(server: Any, kind: str) -> Kind:
    """The server, so that it is of this kind."""
    if kind == "known recipients":
        server.with_limits(accounts=configured(server))
    else:
        server.with_limits(**KINDS[kind].options)
    return KINDS[kind]


def configured(server: Any) -> Accounts:
    """Bob alone gets mail, Ann logs in with any password, and whoever sends must."""
    accounts = Accounts(server.store, policy="required", known_recipients=True, own_sender=True)
    accounts.give(server.project, Configured("bob@example.com", quota=300))
    accounts.give(server.project, Configured("ann"))
    return accounts


@pytest.mark.parametrize("kind", KINDS)
@settings(shared, max_examples=150)
@given(state=st.sampled_from(sorted(STATES)), octets=conversations, piece=st.integers(1, 7))
def test_so_it_is_whatever_the_server_is_like(
    server: Any, of_kind: Kind, complaints: list[str], state: str, octets: bytes, piece: int
) -> None:
    octets = of_kind.first + STATES[state].replace(b"EHLO", of_kind.hello) + octets
    answer = said(server, octets)

    assert not complaints, complaints.pop()
    assert all(re.match(rb"[2-5][0-5]\d[ -]", line) for line in answer)
    assert not any(line.startswith(b"451 4.3.0") for line in answer)
    assert said(server, octets, piece) == answer
    assert server.current.wait_idle(server.project, timeout=20)


@pytest.mark.parametrize("state", [each for each in STATES if not each.startswith("in ")])
@shared
@given(line=lines.filter(lambda line: b"\n" not in line and not re.match(rb"(?i)\s*(AUTH|DATA|BDAT|QUIT|GET)", line)))
def test_every_line_has_one_reply_and_so_has_the_next_line(server: Any, state: str, line: bytes) -> None:
    before = replies(said(server, STATES[state] + b"NOOP after\r\n"))

    *rest, answer, last = replies(said(server, STATES[state] + line + b"\r\nNOOP after\r\n"))
    assert [*rest, last] == before
    assert re.match(rb"[2-5][0-5]\d ", answer)


def replies(answer: list[bytes]) -> list[bytes]:
    """The last line of each reply."""
    return [line for line in answer if line[3:4] != b"-"]
