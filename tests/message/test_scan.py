"""Lines that may be delimiters, and lines that are empty, wherever the slices are cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.message.scan import SLICE, EmptyLines, dashed_lines

PIECES = st.sampled_from(
    [b"-", b"--", b"---", b"\n", b"\r\n", b"a", b" ", b"\n--b", b"\r\n--b--\r\n", b"\n\n", b"\r\n\r\n"]
)
OCTETS = st.lists(PIECES, max_size=40).map(b"".join)


def expected(octets: bytes) -> list[tuple[int, int, bytes]]:
    found = re.finditer(rb"\n--([^\n]*)", octets)
    return [(each.start() + 1, min(each.end() + 1, len(octets)), each[1].rstrip()) for each in found]


@given(OCTETS)
def test_dashed_lines(octets: bytes) -> None:
    assert list(dashed_lines(octets)) == expected(octets)


@pytest.mark.parametrize("before", range(-6, 4))
@pytest.mark.parametrize("filling", [b"x", b"-", b"\n"])
def test_dashed_lines_about_the_end_of_a_slice(before: int, filling: bytes) -> None:
    octets = filling * (SLICE + before) + b"\n--b\r\n--c\n" + filling * (SLICE - 4) + b"\n--d"

    assert list(dashed_lines(octets)) == expected(octets)


def test_a_dashed_line_longer_than_a_slice() -> None:
    octets = b"\n--" + b"x" * 3 * SLICE + b"\n--b" + b"\nx" * SLICE + b"\n--c"

    assert list(dashed_lines(octets)) == expected(octets)


@given(OCTETS, OCTETS)
def test_empty_lines(header: bytes, rest: bytes) -> None:
    octets = header + b"\n" + rest
    empty_lines = EmptyLines(octets)
    start = 0

    while start < len(octets):
        found = re.compile(rb"^\r?\n", re.MULTILINE).search(octets, start)
        behind = empty_lines.behind_next(start)
        assert behind == (found.end() if found else len(octets))
        start = octets.find(b"\n", behind - 1) + 1 or len(octets)


@pytest.mark.parametrize("before", range(-6, 4))
@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\n\r\n"])
def test_an_empty_line_about_the_end_of_a_slice(before: int, end: bytes) -> None:
    octets = b"x" * (SLICE + before) + end

    assert EmptyLines(octets + b"body\n\n\r\n\r\n").behind_next(0) == len(octets)
