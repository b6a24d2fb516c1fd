"""Any octets, in any pieces, in any state: answered as POP3 answers, and nothing is removed but by QUIT."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from conversations import SansIo
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from messages import HELLO

LOG_IN = b"USER ann@example.com\r\nPASS x\r\n"
STATES = {
    "fresh": b"",
    "user": b"USER ann@example.com\r\n",
    "in auth": b"AUTH LOGIN\r\n",
    "transaction": LOG_IN,
    "deleted": LOG_IN + b"DELE 1\r\n",
}
WORDS = (
    b"USER PASS APOP AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER CAPA STLS UTF8 LANG STAT LIST UIDL RETR TOP DELE RSET NOOP "
    b"ann@example.com catchall nobody 0 1 2 3 -1 99999999999999999999999 = * AGFubgB4 GET \x16\x03\x01 \xff \0 \xc3\xa4"
).split()
LINES = st.lists(st.sampled_from(WORDS), max_size=4).map(b" ".join)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b""])
OCTETS = st.one_of(st.binary(max_size=300), st.lists(st.tuples(LINES, ENDS).map(b"".join), max_size=12).map(b"".join))

# one server for all examples: a session changes nothing for the one after it
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


def outcome(pop3: Any, octets: bytes, piece: int | None) -> bytes:
    """All that is said to *octets*, behind the greeting, which is another every time."""
    conversation = SansIo(pop3.session(), pop3.store.bus)
    greeting = conversation.line() or b""
    assert greeting.startswith(b"+OK sandbox.localhost")
    conversation.send(octets, piece)
    conversation.end()
    return bytes(conversation.received)


@pytest.mark.parametrize("state", STATES)
@shared
@given(octets=OCTETS, piece=st.integers(1, 11))
@example(octets=b"\r\n", piece=1)
@example(octets=b"", piece=1)
@example(octets=b"RETR 1\r\nTOP 2 1\r\n", piece=1)
def test_any_octets_are_answered_the_same_in_any_pieces(
    pop3: Any, caplog: pytest.LogCaptureFixture, state: str, octets: bytes, piece: int
) -> None:
    if pop3.store.messages(pop3.project).total == 0:
        pop3.add(HELLO, b"..\n.\n\r.")
    whole = outcome(pop3, STATES[state] + octets, None)

    assert outcome(pop3, STATES[state] + octets, piece) == whole
    assert whole.endswith(b"\r\n") or not whole
    assert not any(record.levelno >= logging.ERROR for record in caplog.records)
    assert len(pop3.left()) == 2
