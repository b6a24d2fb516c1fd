"""Whatever comes, in whatever state and pieces: an answer, and never an exception of ours."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from conversations import SansIo
from hypothesis import example, given, settings
from hypothesis import strategies as st
from messages import new_message

from mailtrap.current import Current
from mailtrap.imap.registry import COMMANDS
from mailtrap.imap.session import Session, World
from mailtrap.store import Store

STATES = {
    "fresh": b"",
    "logged in": b"1 LOGIN ann@example.com x\r\n",
    "selected": b"1 LOGIN ann@example.com x\r\n2 SELECT INBOX\r\n",
    "looking": b"1 LOGIN ann@example.com x\r\n2 EXAMINE INBOX\r\n",
    "rev2": b"1 LOGIN ann@example.com x\r\n2 ENABLE IMAP4rev2\r\n3 SELECT INBOX\r\n",
    "idling": b"1 LOGIN ann@example.com x\r\n2 SELECT INBOX\r\n3 IDLE\r\n",
    "in AUTHENTICATE": b"1 AUTHENTICATE PLAIN\r\n",
    "in a literal": b"1 LOGIN {20}\r\n",
}
NAMES = [name.encode() for name in COMMANDS if name != "LOGOUT"] + [b"UID " + n.encode() for n in COMMANDS] + [b"XYZ"]
WORDS = [
    *rb"""
    INBOX inbox/x Box Trash Entw&APw-rfe a&b "" / a//b * % 1 1:* $ 0 4294967295 4294967296 1,2,1:3 3:1 1: ,
    99999999999999999999 (\Seen) \Answered (\Recent) (\*) () +FLAGS -FLAGS.SILENT FLAGS FLAGS.SILENT ALL FULL UID BODY[]
    BODY.PEEK[1.2.MIME]<0.10> BINARY[1] BINARY.SIZE[] RFC822 ENVELOPE BODYSTRUCTURE INTERNALDATE BODY[1]<9999999999.9>
    BODY[0] BODY[ RETURN (SAVE) CHARSET utf-8 x-none OR NOT SUBJECT hello HEADER (((( )))) SINCE 1-Jan-2026 LARGER
    (SUBSCRIBED) IMAP4rev2 DONE NIL PLAIN LOGIN = AGFubgBzZWNyZXQ= ann " \ { } [] {1 {-1}
    """.split(),
    *(b"(\\Deleted $x)", b"(UID FLAGS)", b"BODY[HEADER.FIELDS (TO)]", b"(MIN MAX COUNT)", b"Subject: x\r\n\r\nhi"),
    *(
        b'"17-Nov-2025 00:00:00 +0000"',
        b'"31-Feb-2026 00:00:00 +9999"',
        b"(RECURSIVEMATCH SUBSCRIBED)",
        b'("name" "x")',
    ),
    *(b"(STATUS (MESSAGES RECENT))", b"(MESSAGES DELETED SIZE)", b'"Entw\xc3\xbcrfe"', b"\xff", b"\0", b"\r", b"\t"),
    *(b"{0}\r\n", b"{0+}\r\n", b"{2+}\r\nab", b"{3+}\r\n\0\r\n", b"~{1+}\r\nx", b"{5000}\r\n", b"{70000}\r\n"),
]
TAGS = [b"a", b"a", b"a", b"A1", b"*", b"+", b"", b"\xff", b"]", b"GET"]

lines = st.one_of(
    st.tuples(st.sampled_from(TAGS), st.sampled_from(NAMES), st.lists(st.sampled_from(WORDS), max_size=5)).map(
        lambda it: b" ".join([it[0], it[1], *it[2]])
    ),
    st.tuples(st.sampled_from(NAMES), st.binary(max_size=20)).map(lambda it: b"a %b %b" % it),
    st.sampled_from([b"DONE", b"*", b"", b"AGFubgBzZWNyZXQ=", b"x" * 5000]),
    st.binary(max_size=30),
)
conversations = st.lists(st.tuples(lines, st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b""])), max_size=6).map(
    lambda it: b"".join(part for line in it for part in line)
)


class Complaints(logging.Handler):
    """What was logged as a bug."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(self.format(record))


@pytest.fixture(scope="module")
def complaints() -> Iterator[list[str]]:
    handler = Complaints()
    logger = logging.getLogger("mailtrap")
    logger.addHandler(handler)
    yield handler.records
    logger.removeHandler(handler)


def said(store: Store, state: str, octets: bytes, piece: int | None) -> list[bytes]:
    """All lines that a session of a new project answers *octets* with, once it has come to *state*."""
    project = store.new_project().id
    store.add(new_message(project, rcpt_to=("ann@example.com",))).result()
    client = SansIo(Session(World(store, Current(project))), store.bus)
    client.send(STATES[state])
    client.send(octets, piece)
    client.end()
    return client.rest()


@pytest.mark.parametrize("state", STATES)
@given(octets=conversations)
@settings(max_examples=60)
@example(b"a SEARCH " + b"(" * 5000 + b"\r\n")
@example(b"a SEARCH " + b"NOT " * 5000 + b"ALL\r\n")
@example(b"a SEARCH " + b"OR " * 5000 + b"ALL\r\n")
@example(b"a LIST (" + b"(" * 5000 + b"\r\n")
@example(b"a FETCH 1 (" + b"(" * 5000 + b"\r\n")
@example(b"a FETCH 1 BODY[" + b"1." * 5000 + b"1]\r\n")
@example(b"a STORE 1 FLAGS (" + b"a " * 30_000 + b"a)\r\n")
@example(b"a LOGIN " + b"{0+}\r\n " * 10_000 + b"\r\n")
@example(b"a ID (" + b'"a" ' * 10_000 + b")\r\n")
@example(b"x" * 70_000 + b"\r\na NOOP\r\n")
@example(b"a NOOP {0+}\r\n" + b"x" * 70_000 + b"\r\na NOOP\r\n")
@example(b"a FETCH " + b"1:*," * 10_000 + b"1 UID\r\n")
@example(b"a FETCH 1:4294967295 UID\r\na UID FETCH 1:4294967295 UID\r\n")
def test_anything_is_answered(store: Store, complaints: list[str], state: str, octets: bytes) -> None:
    answer = said(store, state, octets, None)

    assert not complaints, complaints.pop()
    assert b"SERVERBUG" not in b"".join(answer)


@pytest.mark.parametrize("state", ["fresh", "logged in", "selected", "rev2"])
@given(line=lines.filter(lambda line: not re.search(rb"\{\d|\n|IDLE|AUTHENTICATE", line, re.IGNORECASE)))
def test_every_line_is_answered_and_the_next_one_too(store: Store, state: str, line: bytes) -> None:
    *before, last = said(store, state, line + b"\r\nlast NOOP\r\n", None)

    tag = line.split(b" ")[0]
    assert last == b"last OK NOOP completed" or last.startswith((b"* BYE", tag + b" OK"))
    assert any(each.startswith((tag + b" ", b"* BAD ", b"* BYE ")) for each in [*before, last])


@pytest.mark.parametrize("state", STATES)
@given(octets=conversations, piece=st.integers(1, 5))
@settings(max_examples=30)
def test_pieces_make_no_difference(store: Store, state: str, octets: bytes, piece: int) -> None:
    assert as_same(said(store, state, octets, piece)) == as_same(said(store, state, octets, None))


def as_same(answer: list[bytes]) -> list[bytes]:
    """Without what differs from one mailbox to the next."""
    return [re.sub(rb"(UIDVALIDITY|UID|COPYUID) \d{9,}|\w\w:\w\w:\w\w", rb"\1", line) for line in answer]
