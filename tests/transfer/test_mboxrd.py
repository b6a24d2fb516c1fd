"""What an mbox adds to messages is taken away again, and where one ends is never a guess."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailtrap.transfer.items import Unusable
from mailtrap.transfer.mboxrd import from_line, messages, quoted, unquoted

AT = datetime(2025, 1, 31, 12, 0, 0, tzinfo=UTC)
FIRST = b"From ann@example.com Fri Jan 31 12:00:00 2025\n"
LIMIT = 1 << 20

octets = st.lists(
    st.one_of(
        st.sampled_from([b"From ", b">", b"\n", b"\r", b"\r\n", FIRST, b">From ", b"From: a\n", b" ", b""]), st.binary()
    )
).map(b"".join)


def found(mbox: bytes, limit: int = LIMIT) -> list[bytes | None]:
    return [each.octets for each in messages(io.BytesIO(mbox), limit)]


@given(octets)
@example(b"From a\n>From b")
def test_any_octets_are_quoted_and_unquoted(message: bytes) -> None:
    stored = quoted(message)

    assert not any(line.startswith(b"From ") for line in stored.split(b"\n"))
    assert unquoted(stored) in (message, message + b"\n")
    assert len(unquoted(stored)) - len(message) == bool(message and not message.endswith(b"\n"))


@given(st.lists(octets, max_size=4))
def test_any_messages_are_told_apart(given_messages: list[bytes]) -> None:
    mbox = b"".join(from_line("a@x.test", AT) + quoted(each) + b"\n" for each in given_messages)

    assert [unquoted(each or b"") for each in found(mbox)] == [
        each if not each or each.endswith(b"\n") else each + b"\n" for each in given_messages
    ]


def lines_begin_messages(mbox: bytes) -> list[bytes]:
    """The same as `messages`, line by line."""
    found: list[bytes] = []
    after_empty = True
    for line in re.findall(rb"[^\n]*\n|[^\n]+", mbox):
        is_first = line.startswith(b"From ") and line.rstrip(b"\r\n").endswith(b" 2025") and len(line) <= 1000
        if after_empty and is_first:
            found.append(b"")
        elif found:
            found[-1] += line
        after_empty = line in (b"\n", b"\r\n")
    return found


@given(st.lists(st.sampled_from([FIRST, b"\n", b"\r\n", b"x" * 300, b"x\n", FIRST[:-1], b"From "]), max_size=40))
def test_blocks_make_no_difference(pieces: list[bytes]) -> None:
    mbox = FIRST + b"".join(pieces)
    lines = [each.octets or b"" for each in messages(io.BytesIO(mbox), LIMIT)]

    for block in (1003, 1004, 1100, 1500):
        assert [each.octets or b"" for each in messages(io.BytesIO(mbox), LIMIT, block)] == lines
    assert [each.rstrip(b"\r\n") for each in lines] == [each.rstrip(b"\r\n") for each in lines_begin_messages(mbox)]


@given(octets)
def test_any_octets_are_an_mbox_or_refused(mbox: bytes) -> None:
    try:
        found(mbox)
    except Unusable:
        assert not mbox.lstrip(b"\r\n").startswith(FIRST)


@given(st.text(), st.datetimes(timezones=st.just(UTC)))
def test_every_line_that_is_written_is_known_again(mail_from: str, at: datetime) -> None:
    line = from_line(mail_from, at)

    assert line.count(b"\n") == 1
    assert found(line + b"\n") == [b""]


@pytest.mark.parametrize("mbox", [b"Subject: no mbox\n\n", b"From me to you\n", b"\0", b"> From", b"\n\nFrom \n"])
def test_what_does_not_begin_as_an_mbox_is_none(mbox: bytes) -> None:
    with pytest.raises(Unusable, match="does not begin with a line such as"):
        found(mbox)


@pytest.mark.parametrize(
    "line",
    [
        b"From ann@example.com Fri Jan 31 12:00:00 2025\n",
        b"From ann@example.com  Fri Jan  3 12:00 2025\r\n",
        b"From - Fri Jan 31 12:00:00 2025\n",
        b"From 1690123456789012345@xxx Fri Jan 31 12:00:00 +0000 2025\n",
        b"From ann@example.com Fri Jan 31 12:00:00 MET DST 2025\n".replace(b"MET DST", b"CET"),
        b"From ann@example.com Fri Jan 31 12:00:00 2025 remote from mars\n",
        b'From "odd name"@example.com Fri Jan 31 12:00:00 2025 -0800\n',
        b"From Fri Jan 31 12:00:00 2025\n",
    ],
)
def test_lines_that_programs_write_begin_a_message(line: bytes) -> None:
    assert found(line + b"a\n\n" + line + b"b\n") == [b"a\n", b"b\n"]


@pytest.mark.parametrize(
    "text",
    [
        b"From now on\n",
        b"From ann@example.com\n",
        b"From: ann@example.com Fri Jan 31 12:00:00 2025\n",
        b" From ann@example.com Fri Jan 31 12:00:00 2025\n",
        b"x\nFrom ann@example.com Fri Jan 31 12:00:00 2025\n",
        b"\rFrom ann@example.com Fri Jan 31 12:00:00 2025\n",
        b"From " + b"x" * 2000 + b" Fri Jan 31 12:00:00 2025\n",
    ],
)
def test_other_lines_that_begin_with_from_are_text(text: bytes) -> None:
    assert found(FIRST + b"\n" + text) == [b"\n" + text]


def test_no_length_that_a_field_gives_is_believed() -> None:
    one = FIRST + b"Content-Length: 1000\n\nshort\n\n"

    assert found(one + one) == [b"Content-Length: 1000\n\nshort\n"] * 2


def test_in_a_file_with_crlf_the_empty_line_is_one_too() -> None:
    one = FIRST.replace(b"\n", b"\r\n") + b"Subject: a\r\n\r\nb\r\n"

    assert found(one + b"\r\n" + one + b"\r\n") == [b"Subject: a\r\n\r\nb\r\n"] * 2
    assert found(one) == [b"Subject: a\r\n\r\nb\r\n"]


def test_a_message_beyond_the_limit_is_not_held() -> None:
    large = b"x" * 99 + b"\n"

    assert found(FIRST + large * 5000 + b"\n" + FIRST + b"b\n", limit=1000) == [None, b"b\n"]
    assert found(FIRST + b"x" * 500_000 + b"\n\n" + FIRST + b"b\n", limit=1000) == [None, b"b\n"]


def test_where_a_message_begins_is_told() -> None:
    mbox = FIRST + b"a\n\n" + FIRST + b"b\n\n"

    places = [(each.offset, each.end) for each in messages(io.BytesIO(mbox), LIMIT)]

    assert places == [(len(FIRST), len(mbox) // 2), (len(mbox) // 2 + len(FIRST), len(mbox))]


def test_a_line_made_to_be_slow_is_not() -> None:
    slow = b"From " + b"Mon " * 200 + b" " * 150 + b"\n"

    assert len(slow) < 1000
    assert found(FIRST + (b"\n" + slow) * 900) == [(b"\n" + slow) * 900]
