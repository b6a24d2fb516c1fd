"""Any rules at all, several at once, in any conversation: no bug, no line that is no reply, and an end."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from typing import Any

import pytest
from faulty import Watched
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailtrap.errors import BadFault
from mailtrap.faults import Faults, Rule
from mailtrap.faults.stages import SMTP

DO = (
    *("reject", "reject 421", "reject 501", "reject 454 4.7.0 later", "bye", "delay 1s", "delay 1h", "slow 20/s"),
    *("slow 1MB/s", "drop", "drop rst", "drop after 1", "drop rst after 12", "drop after 1MB", "hang", "rate 1/1h"),
    *("greylist", "bounce", "hide SIZE", "hide PIPELINING", "offer X", "certificate expired"),
)
RULES = st.lists(st.tuples(st.sampled_from([*SMTP, "*"]), st.sampled_from(DO), st.integers(0, 2)), max_size=5)
SAID = (
    b"EHLO client.example\r\n",
    b"HELO client.example\r\n",
    b"AUTH PLAIN AGpvYi0xAHNlY3JldA==\r\n",
    b"MAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.com>\r\nRCPT TO:<carl@example.com>\r\n",
    b"RCPT TO:<tempfail+451+1x@fault.test>\r\n",
    b"RCPT TO:<delay+1s@fault.test>\r\n",
    b"DATA\r\nSubject: hello\r\n\r\n..text\r\n.\r\n",
    b"BDAT 6\r\nhello\nBDAT 3 LAST\r\nx\r\n",
    b"BDAT 0\r\n",
    *(verb + b"\r\n" for verb in (b"RSET", b"NOOP", b"VRFY ann", b"EXPN all", b"HELP", b"STARTTLS", b"XYZZY", b"QUIT")),
)
REPLY = re.compile(rb"[2-5][0-5]\d[ -].*")


def talk(server: Any, rules: list[tuple[str, str, int]], said: bytes, piece: int | None) -> list[bytes]:
    """All that is answered, with every pause passed at once."""
    clock = Watched()
    faults = Faults(clock)
    for stage, do, skip in rules:
        with suppress(BadFault):  # where it makes no sense
            faults.add(Rule(f"smtp.{stage}", do, skip=skip))
    server.factories.clear()
    server.with_limits(faults=faults, clock=clock)
    conversation = server.connect()
    conversation.send(said, piece)
    ends = [False]

    def is_over() -> bool:
        protocol = conversation._protocol
        waits = protocol._hangs or (protocol._input is not None and not len(protocol._lines))
        if waits and not ends[0] and not protocol.factory.stopping:
            ends[0] = True
            conversation.end()
        return bool(conversation.closed)

    clock.pass_pauses(until=is_over)
    lines = conversation.rest()
    server.conversations.clear()
    assert server.current.wait_idle(server.project, timeout=20)
    clock.close()
    return lines


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=RULES, said=st.lists(st.sampled_from(SAID), max_size=9).map(b"".join), piece=st.sampled_from([1, 5, None]))
def test_any_faults_are_met_without_a_bug(
    server: Any, caplog: pytest.LogCaptureFixture, rules: list[tuple[str, str, int]], said: bytes, piece: int | None
) -> None:
    caplog.clear()
    lines = talk(server, rules, said, piece)

    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
    assert [line for line in lines if not REPLY.fullmatch(line)] == []
