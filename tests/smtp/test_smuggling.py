"""Whatever stands around a dot, only CRLF . CRLF ends data, and only its size a chunk (CVE-2023-51764 to 51766)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from conversations import InMemory

ENDS = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\r\n",
    b"\n\r",
    b"\n\n",
    b"\0",
    b"\r\n\0",
    b"\0\r\n",
    b"\x0b",
    b"\x0c",
    b"\x85",
    b" \r\n",
)
SMUGGLED = b"MAIL FROM:<eve@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n"
ENVELOPE = b"MAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.com>\r\n"


each_before = pytest.mark.parametrize("before", ENDS, ids=repr)


def around(before: bytes) -> list[bytes]:
    """A dot, or something like it, between any two line ends of which *before* is the first."""
    return [before + dots + behind for dots, behind in itertools.product((b".", b"..", b". "), ENDS)]


def message(middle: bytes) -> bytes:
    """With what would be a message of its own to who is deceived."""
    return b"Subject: first\r\n\r\nfirst" + middle + SMUGGLED


def sent(server: Any, octets: bytes, piece: int | None = None) -> list[bytes]:
    """What was stored of all that this is, said in one go."""
    conversation = server.greeted(InMemory)
    conversation.send(octets, piece)
    conversation.end()
    conversation.rest()
    return server.octets()  # type: ignore[no-any-return]


@each_before
def test_nothing_else_ends_data(server: Any, before: bytes) -> None:
    # as it stands on the wire, with dots as they are: what begins a line loses one (RFC 5321 §4.5.2)
    messages = [message(each) for each in around(before) if b"\r\n.\r\n" not in each]
    octets = b"".join(ENVELOPE + b"DATA\r\n" + each + b".\r\n" for each in messages)

    assert sent(server, octets) == [each.replace(b"\r\n.", b"\r\n") for each in messages]
    assert server.refusals() == []
    assert {each.envelope.mail_from for each in server.messages()} == {"ann@example.com"}


@pytest.mark.parametrize("end", [b"\r\n.\r\n", b"\r\r\n.\r\n"])
def test_the_end_of_data_ends_it(server: Any, end: bytes) -> None:
    octets = ENVELOPE + b"DATA\r\n" + message(end) + b".\r\n"

    assert [each[-7:] for each in sent(server, octets)] == [(b"first" + end[:-3])[-7:], b"\r\n\r\nx\r\n"]


@each_before
def test_nothing_in_a_chunk_ends_it(server: Any, before: bytes) -> None:
    messages = [message(each) for each in around(before)]
    octets = b"".join(ENVELOPE + b"BDAT %d LAST\r\n" % len(each) + each for each in messages)

    assert sent(server, octets) == messages
    assert server.refusals() == []


@pytest.mark.parametrize("middle", [b"\r\n.\r\n", b"\n.\n", b"\r\n..\r\n", b"\r.\r\n", b"\r\n.\n"])
@pytest.mark.parametrize("piece", [1, 3, None])
def test_nor_does_anything_that_is_cut_by_one(server: Any, middle: bytes, piece: int | None) -> None:
    whole = message(middle)
    start = whole.index(middle)
    cuts = range(start, start + len(middle) + 1)
    octets = b"".join(
        ENVELOPE + b"BDAT %d\r\n%b" % (cut, whole[:cut]) + b"BDAT %d LAST\r\n%b" % (len(whole) - cut, whole[cut:])
        for cut in cuts
    )

    assert sent(server, octets, piece) == [whole] * len(cuts)
    assert server.refusals() == []


@pytest.mark.parametrize(
    "command",
    [
        b"BDAT",
        b"BDAT x",
        b"BDAT -5",
        b"BDAT 5 FIRST",
        b"BDAT 5LAST",
        b"BDAT 0x9",
        b"BDAT 9" + b"9" * 30,
        b"BDAT +5 LAST",
    ],
)
def test_behind_a_chunk_of_unknown_size_nothing_is_carried_out(server: Any, command: bytes) -> None:
    assert sent(server, ENVELOPE + command + b"\r\n" + SMUGGLED + b".\r\n") == []
    assert sent(server, command + b"\r\nRSET\r\n" + SMUGGLED + b".\r\n") == []


@pytest.mark.parametrize(
    "before", [b"", b"MAIL FROM:<ann@example.com>\r\n", b"MAIL FROM:<ann@example.com>\r\nRCPT TO:<>\r\n"]
)
def test_a_chunk_that_is_refused_is_read_and_carried_out_is_nothing_of_it(server: Any, before: bytes) -> None:
    chunk = b"RSET\r\n" + SMUGGLED + b".\r\n"

    assert sent(server, before + b"BDAT %d LAST\r\n" % len(chunk) + chunk) == []


def test_data_behind_a_chunk_is_refused_and_what_follows_is_no_data(server: Any) -> None:
    octets = ENVELOPE + b"BDAT 7\r\nhello\r\nDATA\r\nNOOP\r\nBDAT 0 LAST\r\n"

    assert sent(server, octets) == [b"hello\r\n"]
