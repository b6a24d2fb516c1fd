"""Byte-stuffing undone is the message; in no message is there anything that could end a response."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailtrap.pop3.stuffing import Stuffing, Top

DOTTED = st.lists(st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"..", b"\r\n.\r\n", b"a", b"\xff", b"\0"])).map(
    b"".join
)
PIECE = st.integers(1, 5)


def pieces(octets: bytes, size: int) -> list[bytes]:
    return [octets[start : start + size] for start in range(0, len(octets), size)]


def stuffed(octets: bytes, *, strict: bool, piece: int = 1 << 20) -> bytes:
    stuffing = Stuffing(strict=strict)
    return b"".join(map(stuffing.feed, pieces(octets, piece))) + stuffing.end()


def unstuffed(response: bytes, *, strict: bool) -> bytes:
    """What a client that knows what we do makes of a response."""
    line_end = rb"\r\n" if strict else rb"[\r\n]"
    return re.sub(rb"(\A|(?<=%b))\.\." % line_end, b".", response[: -len(b".\r\n")])


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@given(octets=DOTTED, piece=PIECE)
@example(octets=b"", piece=1)
@example(octets=b"a\r\n.\r\n", piece=3)
@example(octets=b"a\r\n.\r\n", piece=2)
def test_pieces_make_no_difference_and_undoing_it_gives_the_message(strict: bool, octets: bytes, piece: int) -> None:
    response = stuffed(octets, strict=strict)

    assert stuffed(octets, strict=strict, piece=piece) == response
    assert unstuffed(response, strict=strict) == octets + (b"" if octets.endswith(b"\r\n") or not octets else b"\r\n")


@given(octets=DOTTED)
def test_only_the_end_looks_like_the_end_to_any_reader(octets: bytes) -> None:
    response = b"+OK\r\n" + stuffed(octets, strict=False)

    for ends in (rb"\r\n", rb"\n|\r\n", rb"[\r\n]|\r\n"):
        lines = re.split(ends, response.removesuffix(b"\r\n"))
        assert lines.index(b".") == len(lines) - 1


@given(octets=DOTTED)
def test_a_message_without_dots_is_given_as_it_is(octets: bytes) -> None:
    octets = octets.replace(b".", b"")
    stuffing = Stuffing()

    assert stuffing.feed(octets) is octets


@given(octets=DOTTED, lines=st.integers(0, 4), piece=PIECE)
@example(octets=b"a: b\r\n\r\n1\r\n2\r\n", lines=1, piece=1)
@example(octets=b"\r\n1\r\n2\r\n", lines=1, piece=1)
def test_top_is_the_header_and_so_many_lines_in_any_pieces(octets: bytes, lines: int, piece: int) -> None:
    whole, split = Top(lines), Top(lines)

    expected = whole.feed(octets)
    found = b""
    for each in pieces(octets, piece):
        found += split.feed(each)
        if split.done:
            break

    assert found == expected
    assert octets.startswith(expected)
    empty = re.search(rb"(?:\A|\n)\r?\n", octets)
    if empty is None:
        assert expected == octets
    else:
        body = octets[empty.end() :].split(b"\n")
        assert expected == octets[: empty.end()] + b"\n".join(
            body[:lines] + ([b""] if lines and len(body) > lines else [])
        )
