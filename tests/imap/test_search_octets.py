"""SEARCH with whatever octets: a result, a NO or a BAD, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from searching import ask, fill, opened

from mailtrap.current import Current
from mailtrap.imap.search_keys import KEYS
from mailtrap.imap.session import World
from mailtrap.store.sqlite import SqliteStore

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def worlds() -> Iterator[list[World]]:
    """A mailbox so small that each message is looked at, and one whose index is."""
    store = SqliteStore()
    found = []
    for count in (3, 120):
        project = store.new_project().id
        fill(store, project, [(b"From: ann@x.test\r\nSubject: %d\r\n\r\nHello\r\n" % n, AT) for n in range(count)])
        found.append(World(store, Current(project)))
    yield found
    store.close()


TOKENS = rb"""
    ( ) () " \ * $ 1 0 3:* *:1 1,2 4294967296 NIL {1} ~ { } % "" "x" "a*b" "'" "AND OR NOT NEAR" \Seen 2026
    RETURN RETURN( SAVE MIN (ALL (COUNT) CHARSET UTF-8 utf-7 idna UTF-16 hz 1-Jan-2026 31-Feb-2026 1-Jan-0000
""".split()
ODD = [b"\r", b"\t", b"\0", b"\x7f", b"\xff", b'"\xe2\x82"', b'"\xed\xa0\x80"', b"x" * 300, b"9" * 30]

tokens = st.sampled_from([*map(str.encode, KEYS), *TOKENS, *ODD]) | st.binary(max_size=4)
arguments = (
    st.lists(tokens, max_size=10).map(b" ".join) | st.lists(tokens, max_size=10).map(b"".join) | st.binary(max_size=40)
)


@given(
    arguments,
    st.sampled_from([b"SEARCH ", b"UID SEARCH ", b"SEARCH", b"SEARCH RETURN (SAVE) ", b"SEARCH CHARSET UTF-7 "]),
)
def test_any_octets_are_a_search_or_refused(worlds: list[World], octets: bytes, command: bytes) -> None:
    octets = octets.replace(b"\n", b" ")
    if re.search(rb"\{\d+\+?\}\r?$", octets):
        octets += b" "
    for world in worlds:
        *untagged, tagged = ask(opened(world), b"t " + command + octets)

        assert re.match(rb"t (OK|BAD|NO \[(BADCHARSET|LIMIT))", tagged), tagged
        assert all(re.fullmatch(rb"\* (SEARCH( \d+)*|ESEARCH .*)", line) for line in untagged)


@given(
    st.lists(st.sampled_from([b"TEXT", b"BODY", b"FROM", b"SUBJECT", b"BCC"]), min_size=1, max_size=3),
    st.binary(max_size=30),
)
def test_any_octets_can_be_looked_for(worlds: list[World], names: list[bytes], octets: bytes) -> None:
    octets = octets.replace(b"\0", b"")  # no literal of a search may have one
    keys = b" ".join(b"%b {%d+}\r\n%b" % (name, len(octets), octets) for name in names)
    for world in worlds:
        assert ask(opened(world), b"t SEARCH " + keys)[-1] == b"t OK SEARCH completed"


def test_as_many_texts_as_fit_into_a_command_can_be_looked_for(worlds: list[World]) -> None:
    many = [
        b" ".join(b"TEXT word%d" % n for n in range(1000)),
        b"OR " * 99 + b" ".join(b"SUBJECT word%d" % n for n in range(100)),
        b"NOT OR " * 49 + b" ".join(b"BODY word%d" % n for n in range(50)),
        b"(" * 99 + b"TEXT " + b"x" * 50_000 + b")" * 99,
    ]
    for world in worlds:
        for keys in many:
            assert ask(opened(world), b"t SEARCH " + keys)[-1] == b"t OK SEARCH completed"
