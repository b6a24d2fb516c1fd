"""Command lines out of octets in pieces of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.lines import LIMIT, Lines, LineTooLong

SHORT = 600
"""A limit that somebody may set."""


def read(lines: Lines, *, in_exchange: bool) -> Iterator[bytes | None]:
    """The lines that are ready; None for one that was too long."""
    while lines.ready():
        try:
            yield lines.take(in_exchange=in_exchange)
        except LineTooLong:
            yield None


def fed(pieces: Iterable[bytes], limit: int = LIMIT, *, in_exchange: bool = False) -> list[bytes | None]:
    lines = Lines(limit)
    result: list[bytes | None] = []
    for piece in pieces:
        lines.feed(piece)
        result += read(lines, in_exchange=in_exchange)
    return result


def in_pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut for cut in cuts if cut < len(octets)), len(octets)]
    return [octets[start:stop] for start, stop in pairwise(places)]


@pytest.mark.parametrize("size", [1, 1000, LIMIT * 3])
def test_a_line_over_the_limit_is_refused_and_the_next_one_is_heard(size: int) -> None:
    octets = b"x" * (LIMIT + 1) + b"\r\nNOOP\r\n"

    assert fed(octets[at : at + size] for at in range(0, len(octets), size)) == [None, b"NOOP"]


@pytest.mark.parametrize("size", [1, 1000, LIMIT * 3])
def test_a_line_at_the_limit_is_taken(size: int) -> None:
    octets = b"x" * LIMIT + b"\r\n"

    assert fed(octets[at : at + size] for at in range(0, len(octets), size)) == [b"x" * LIMIT]


@pytest.mark.parametrize("size", [1000, 4096, 1 << 20])
@pytest.mark.parametrize("length", [SHORT + 1, LIMIT, LIMIT + 1, LIMIT + 2, 200_000])
@pytest.mark.parametrize("limit", [SHORT, LIMIT * 2])
def test_a_line_is_as_long_as_is_said(limit: int, length: int, size: int) -> None:
    octets = b"x" * length + b"\r\nNOOP\r\n" + b"y" * limit + b"\r\n"
    taken = b"x" * length if length <= limit else None

    assert fed((octets[at : at + size] for at in range(0, len(octets), size)), limit) == [taken, b"NOOP", b"y" * limit]


@pytest.mark.parametrize("size", [100, LIMIT * 3])
def test_what_belongs_to_auth_may_be_longer_than_other_lines(size: int) -> None:
    answer, command = b"x" * LIMIT, b"auth xoauth2 ".ljust(LIMIT, b"x")

    for line, in_exchange in ((answer, True), (command, False)):
        octets = line + b"\r\n" + line + b"=\r\n"
        pieces = (octets[at : at + size] for at in range(0, len(octets), size))
        assert fed(pieces, SHORT, in_exchange=in_exchange) == [line, None]


@pytest.mark.parametrize("command", [b"AUTH\tPLAIN x", b" auth PLAIN x", b"\t Auth PLAIN x"])
def test_space_is_no_reason_to_know_auth_no_more(command: bytes) -> None:
    line = command.ljust(LIMIT, b"x")

    assert fed([line + b"\n"], SHORT) == [line]


@pytest.mark.parametrize(("command", "limit"), [(b"AUTH PLAIN ", LIMIT), (b"RETR ", SHORT), (b"AUTHOR ", SHORT)])
@pytest.mark.parametrize("length", [LIMIT + 1, LIMIT * 3])
def test_the_limit_that_is_told_is_that_of_the_command(command: bytes, limit: int, length: int) -> None:
    lines = Lines(SHORT)
    for piece in (command.ljust(length, b"x"), b"AUTH x", b"\r\n"):
        lines.feed(piece)
        lines.ready()

    with pytest.raises(LineTooLong, match=f"may have {limit:,} octets"):
        lines.take()


def test_what_comes_after_a_new_beginning_is_as_long_as_before() -> None:
    lines = Lines(SHORT)
    lines.clear()
    lines.feed(b"x" * (SHORT + 1) + b"\n")

    assert list(read(lines, in_exchange=False)) == [None]


@pytest.mark.parametrize("limit", [SHORT, LIMIT])
def test_a_line_without_an_end_is_never_kept_whole(limit: int) -> None:
    lines = Lines(limit)
    most = 0
    for _ in range(1000):
        lines.feed(b"x" * 1000)
        lines.ready()
        most = max(most, len(lines))

    assert most <= LIMIT + 1001


def test_only_one_cr_belongs_to_the_end_of_a_line() -> None:
    assert fed([b"a\r\n", b"b\n", b"c\r\r\n", b"\r", b"\n\n"]) == [b"a", b"b", b"c\r", b"", b""]


@given(
    st.lists(st.sampled_from([b"NOOP", b"\r", b"\n", b"\r\n", b"x" * LIMIT, b"yz"])), st.lists(st.integers(0, 50_000))
)
def test_pieces_make_no_difference(parts: list[bytes], cuts: list[int]) -> None:
    octets = b"".join(parts)

    assert fed(in_pieces(octets, cuts)) == fed([octets])
