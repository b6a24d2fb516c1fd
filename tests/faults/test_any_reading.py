"""Any rules at all, several at once, in POP3 and IMAP: no bug, and no line that is not a response."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from conversations import SansIo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messages import new_message

from mailtrap.clock import Clock
from mailtrap.current import Current
from mailtrap.errors import BadFault
from mailtrap.faults import Faults, Rule
from mailtrap.imap import session as imap
from mailtrap.pop3 import session as pop3
from mailtrap.store import Store

DO = (
    *("no", "no [SYS/TEMP] later", "no LIMIT", "bad", "bad {5}", "bye", "delay 1s", "slow 10/s", "drop", "drop rst"),
    *("drop after 1", "drop after 30", "drop after 1MB", "hang", "rate 1/1h", "hide IDLE", "hide SASL", "offer X"),
    *("certificate expired", "stale-uidvalidity"),
)
SAID = {
    "pop3": "CAPA USER:ann@example.com PASS:x STAT LIST UIDL:1 RETR:1 TOP:1:0 DELE:1 RSET NOOP QUIT",
    "imap": "CAPABILITY LOGIN:ann@example.com:{1+}|x SELECT:INBOX FETCH:1:(FLAGS:RFC822) IDLE|DONE "
    "STATUS:INBOX:(UIDVALIDITY) APPEND:INBOX:{1+}|x UID:SEARCH:ALL NOOP LOGOUT",
}
"""Commands; ``:`` is a space, ``|`` a line end."""

STAGES = {
    "pop3": ("connect", "banner", *re.findall(r"(?:^| )([A-Z]+)", SAID["pop3"])),
    "imap": ("connect", "banner", "SEARCH", *re.findall(r"(?:^| )(?!UID)([A-Z]+)", SAID["imap"])),
}
MAKE: dict[str, Any] = {"pop3": (pop3.Session, pop3.World), "imap": (imap.Session, imap.World)}
LINE = {
    "pop3": re.compile(rb"\+OK.*|-ERR.*|\.|\d+ \S+|[A-Z0-9/-]+( \S+)*|Subject: .*||\.?text.*"),
    "imap": re.compile(rb"\* .*|\+ .*|(\d|DONE) (OK|NO|BAD) .*|Subject: .*||text.*|\)| .*\)"),
}


def rules(protocol: str) -> st.SearchStrategy[list[tuple[str, str]]]:
    stages = [f"{protocol}.{stage}" for stage in (*STAGES[protocol], "*")]
    return st.lists(st.tuples(st.sampled_from(stages), st.sampled_from(DO)), max_size=5)


def said(protocol: str) -> bytes:
    commands = SAID[protocol].split()
    tagged = [f"{number % 10} {each}" for number, each in enumerate(commands)] if protocol == "imap" else commands
    return "".join(f"{each}\r\n" for each in tagged).replace(":", " ").replace("|", "\r\n").encode()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), protocol=st.sampled_from(["pop3", "imap"]), piece=st.sampled_from([1, 7, None]))
def test_any_faults_are_met_without_a_bug(
    store: Store, caplog: pytest.LogCaptureFixture, data: st.DataObject, protocol: str, piece: int | None
) -> None:
    faults = Faults(Clock())
    for at, do in data.draw(rules(protocol)):
        with suppress(BadFault):  # where it makes no sense
            faults.add(Rule(at, do))
    project = store.new_project().id
    store.add(new_message(project, b"Subject: hello\r\n\r\n.text\r\n")).result()
    session, world = MAKE[protocol]
    with caplog.at_level(logging.ERROR):
        conversation = SansIo(partial(session, world(store, Current(project), faults=faults))(), store.bus)
        conversation.send(said(protocol), piece)
        conversation.end()

    assert caplog.text == ""
    *lines, last = bytes(conversation.received).split(b"\r\n")
    assert [line for line in lines if not LINE[protocol].fullmatch(line)] == []
    assert last == b"" or conversation.session.closing
