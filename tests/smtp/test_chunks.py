"""What comes behind BDAT, in pieces of any size."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from conversations import OverTcp
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.smtp.chunks import Chunks, Discarded
from mailtrap.smtp.data import PARTIAL


def fed(chunks: Chunks, octets: bytes, size: int) -> bytes:
    """*octets* taken in pieces of *size*; gives what was left over behind the end of the chunk."""
    for at in range(0, len(octets) or 1, size):
        rest = chunks.feed(octets[at : at + size])
        if rest is not None:
            return rest + octets[at + size :]
    raise AssertionError("the chunk has no end")


@given(st.lists(st.binary()), st.integers(1, 9), st.binary())
def test_the_message_is_its_chunks_whatever_the_pieces(chunks: list[bytes], size: int, behind: bytes) -> None:
    message = Chunks(1 << 20)
    for chunk in chunks:
        message.expect(len(chunk))
        assert fed(message, chunk + behind, size) == behind

    assert message.size == len(b"".join(chunks))
    assert message.message() == message.partial() == b"".join(chunks)
    assert not message.too_large


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_too_much_is_read_to_the_end_of_its_chunk_and_not_kept(size: int) -> None:
    message = Chunks(5)
    message.expect(20)

    assert fed(message, b"0123456789" * 2 + b"RSET", size) == b"RSET"
    assert message.too_large
    assert message.size == 20


def test_of_too_much_the_beginning_is_kept() -> None:
    message = Chunks(2 * PARTIAL)
    message.expect(3 * PARTIAL)
    fed(message, b"x" * (3 * PARTIAL), 1 << 16)

    assert message.partial() == b"x" * PARTIAL


def test_of_what_nobody_wants_nothing_is_kept() -> None:
    discarded = Discarded()
    discarded.expect(1 << 20)

    assert fed(discarded, b"x" * (1 << 20) + b"RSET", 1 << 16) == b"RSET"
    assert discarded.message() == b""


def test_ten_megabytes_take_less_than_three_times_their_room() -> None:
    size, piece = 10 << 20, b"x" * (1 << 18)
    tracemalloc.start()
    try:
        message = Chunks(50 << 20)
        message.expect(size)
        while message.feed(piece) is None:
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(message.message()) == size
    assert peak < 3 * size


def test_two_megabytes_by_bdat_come_out_as_they_came_in(server: Any) -> None:
    octets = bytes(range(256)) * 8192
    conversation = server.greeted(OverTcp)
    conversation.send(b"MAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.com>\r\n")
    conversation.send(b"BDAT %d\r\n" % (len(octets) - 1) + octets[:-1] + b"BDAT 1 LAST\r\n" + octets[-1:], 65_537)

    assert [conversation.reply()[:3] for _ in range(4)] == [b"250"] * 4
    assert server.octets() == [octets]


def test_what_was_asked_of_the_message_is_in_the_envelope(server: Any) -> None:
    conversation = server.greeted()
    conversation.ask(b"MAIL FROM:<ann@example.com> RET=HDRS ENVID=Job+2B7")
    conversation.ask(b"RCPT TO:<bob@example.com> NOTIFY=Success,DELAY ORCPT=rfc822;Bob+2Bnews@example.com")
    conversation.ask(b"BDAT 7 LAST\r\nhello")

    message = server.messages()[0]  # a report of its success is the other
    assert message.envelope.mail_from.parameters == ("RET=HDRS", "ENVID=Job+2B7")
    assert message.envelope.rcpt_to[0].parameters == (
        "NOTIFY=Success,DELAY",
        "ORCPT=rfc822;Bob+2Bnews@example.com",
    )
