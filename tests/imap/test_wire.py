"""Octets become commands, in whatever pieces they come; what has no end takes no room."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.imap.wire import LINE, Announced, Command, Literal, TooLong, Wire

Taken = list[Command | bytes]


def taken(octets: bytes, piece: int | None = None) -> Taken:
    """All commands in *octets*, every literal accepted; of a line that was too long, how it began."""
    wire, found = Wire(), []
    for start in range(0, len(octets), piece or len(octets) or 1):
        wire.feed(octets[start : start + (piece or len(octets))])
        found += list(ready(wire))
    return found


def fed(wire: Wire, octets: bytes, piece: int) -> None:
    for start in range(0, len(octets), piece):
        wire.feed(octets[start : start + piece])
        wire.next()


def ready(wire: Wire) -> Taken:
    found: Taken = []
    while True:
        try:
            command = wire.next()
        except TooLong as error:
            found.append(error.start)
            continue
        if command is None:
            return found
        if isinstance(command, Announced):
            wire.accept()
        else:
            found.append(command)


@pytest.mark.parametrize("piece", [None, 1, 7, 1000])
@pytest.mark.parametrize(
    ("end", "goes_on"), [(b"{5+}\r\n", True), (b"{5+}\n", True), (b"{5}\r\n", False), (b"\r\n", False)]
)
def test_a_line_that_is_too_long_says_whether_a_literal_follows_unasked(
    piece: int | None, end: bytes, goes_on: bool
) -> None:
    wire, octets = Wire(), b"a SEARCH " + b"x" * LINE + b" " + end
    with pytest.raises(TooLong) as caught:
        fed(wire, octets, piece or len(octets))

    assert (caught.value.goes_on, caught.value.start[:8]) == (goes_on, b"a SEARCH")


def test_lines_and_literals_in_turn() -> None:
    assert taken(b"a LOGIN {3}\r\nann {2+}\r\nab\r\nb NOOP\n") == [
        [b"a LOGIN ", Literal(b"ann"), b" ", Literal(b"ab"), b""],
        [b"b NOOP"],
    ]


def test_a_literal_may_hold_anything() -> None:
    assert taken(b"a X ~{9}\r\n{3}\r\n\r\n\0\xff\r\n") == [[b"a X ", Literal(b"{3}\r\n\r\n\0\xff", binary=True), b""]]


@pytest.mark.parametrize("line", [b"{3} ", b"{3", b"{}", b"{-1}", b"{1}}", b"{a}", b"3}", b"{3++}", b"{+}", b'"{3}"'])
def test_what_announces_no_literal_is_text(line: bytes) -> None:
    assert taken(line + b"\r\n") == [[line]]


lines = st.one_of(
    st.sampled_from([b"a NOOP", b"b X {0}", b"{2}", b"{3+}", b"~{1}", b"", b"\r", b"{99}", b"x" * (LINE + 9)]),
    st.binary(max_size=9),
)


@given(st.lists(lines, max_size=8).map(b"\r\n".join), st.integers(1, 9))
def test_pieces_make_no_difference(octets: bytes, piece: int) -> None:
    assert taken(octets, piece) == taken(octets)


def test_a_line_that_is_too_long_is_dropped_and_the_next_one_is_read() -> None:
    assert taken(b"a" + b"x" * LINE + b"\r\nb NOOP\r\n") == [(b"a" + b"x" * LINE)[:64], [b"b NOOP"]]


def test_the_text_of_a_command_is_counted_in_all_its_lines() -> None:
    half = b"x" * (LINE // 2)

    assert taken(b"a " + half + b"{1}\r\ny" + half + b"\r\nb NOOP\r\n") == [(b"a " + half)[:64], [b"b NOOP"]]
    assert taken(b"a {1}\r\ny" + half * 3 + b"\r\nb NOOP\r\n", 999) == [b"a ", [b"b NOOP"]]


@pytest.mark.parametrize("piece", [1, 601, 1 << 20])
@pytest.mark.parametrize("limit", [600, 2 * LINE])
def test_a_line_is_as_long_as_is_said(limit: int, piece: int) -> None:
    wire = Wire(limit)
    octets = b"x" * limit + b"\r\n" + b"y" * (limit + 1) + b"\r\nb NOOP\r\n"
    found: Taken = []
    for start in range(0, len(octets), piece):
        wire.feed(octets[start : start + piece])
        found += ready(wire)

    assert found == [[b"x" * limit], b"y" * 64, [b"b NOOP"]]


def test_a_line_without_end_takes_no_room() -> None:
    wire = Wire()
    chunk = b"x" * LINE
    tracemalloc.start()
    for _ in range(200):
        wire.feed(chunk)
        assert wire.next() is None
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 8 * LINE


def test_commands_without_end_take_no_room() -> None:
    chunk = b"a NOOP\r\n" * 8192 + b"a NO"

    assert min(peak(chunk) for _ in range(3)) < 40 * LINE  # other threads may have needed some in one of them


def peak(chunk: bytes) -> int:
    """So many octets are in use at a time while *chunk* comes again and again."""
    wire = Wire()
    tracemalloc.start()
    for _ in range(50):
        wire.feed(chunk)
        ready(wire)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_a_literal_refused_is_forgotten_with_its_command() -> None:
    wire = Wire()
    wire.feed(b"a X {9}\r\nb NOOP\r\n")
    announced = wire.next()

    assert announced == Announced(9, waits=True)
    assert wire.refuse()
    assert wire.next() == [b"b NOOP"]


def test_a_literal_that_comes_all_the_same_cannot_be_refused() -> None:
    wire = Wire()
    wire.feed(b"a X {9+}\r\n")
    wire.next()

    assert not wire.refuse()


def test_all_octets_of_the_literals_of_a_command_are_counted() -> None:
    wire = Wire()
    wire.feed(b"a X {3}\r\nabc {2}\r\nde {1}\r\n")
    for _ in range(2):
        wire.next()
        wire.accept()
    wire.next()

    assert wire.literals == 5


def test_what_is_cleared_is_forgotten_even_in_a_literal() -> None:
    wire = Wire()
    wire.feed(b"a X {9}\r\nhalf")
    wire.next()
    wire.accept()
    wire.next()
    wire.clear()
    wire.feed(b"b NOOP\r\n")

    assert wire.next() == [b"b NOOP"]
    assert not wire.wants_more


def test_half_a_command_wants_more() -> None:
    wire = Wire()
    assert not wire.wants_more
    for octets in (b"a", b" X {2}\r\n", b"x"):
        wire.feed(octets)
        if isinstance(wire.next(), Announced):
            wire.accept()
        assert wire.wants_more
    wire.feed(b"y\r\n")

    assert wire.next() is not None
    assert not wire.wants_more
