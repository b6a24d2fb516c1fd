"""Any octets, in any pieces, in any state: answered as SMTP answers, and the session ends."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

STATES = {
    "fresh": b"",
    "greeted": b"EHLO client.example\r\n",
    "in mail": b"EHLO client.example\r\nMAIL FROM:<ann@example.com>\r\n",
    "in rcpt": b"EHLO client.example\r\nMAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.com>\r\n",
    "in data": b"EHLO client.example\r\nMAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n",
    "in auth": b"EHLO client.example\r\nAUTH LOGIN\r\n",
}

WORDS = (
    b"EHLO HELO MAIL RCPT DATA RSET NOOP VRFY EXPN AUTH HELP QUIT FROM: TO: <> <a@b> a@b SIZE= SIZE=9 BODY=8BITMIME "
    b'SMTPUTF8 PLAIN LOGIN YW5u AGEAYg== * . .. GET \x16\x03\x01 \xff \0 " \\ < > @ :'
).split()
LINES = st.lists(st.sampled_from(WORDS), max_size=6).map(b" ".join)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n.\r\n", b""])
OCTETS = st.one_of(st.binary(max_size=300), st.lists(st.tuples(LINES, ENDS).map(b"".join), max_size=12).map(b"".join))

# one server for all examples: a session has nothing to do with the one before it
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)


def outcome(server: Any, octets: bytes, piece: int | None) -> tuple[list[bytes], int]:
    """The replies to *octets* and how many messages came of them."""
    before = server.store.messages(server.project).total
    conversation = server.connect()
    conversation.send(octets, piece)
    conversation.end()
    lines = [re.sub(rb"id=.*", b"id=", line) for line in conversation.rest()]
    server.conversations.clear()
    return lines, server.store.messages(server.project).total - before


@pytest.mark.parametrize("state", STATES)
@shared
@given(octets=OCTETS, piece=st.integers(1, 11))
@example(octets=b".\r\n", piece=1)
@example(octets=b"\r\n", piece=1)
@example(octets=b"", piece=1)
def test_any_octets_are_answered_the_same_in_any_pieces(
    server: Any, caplog: pytest.LogCaptureFixture, state: str, octets: bytes, piece: int
) -> None:
    whole = outcome(server, STATES[state] + octets, None)

    assert outcome(server, STATES[state] + octets, piece) == whole
    assert all(re.match(rb"[2-5][0-5]\d[ -]", line) for line in whole[0])
    assert not any(record.levelno >= logging.ERROR for record in caplog.records)
    assert server.current.wait_idle(server.project, timeout=20)
