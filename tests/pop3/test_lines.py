"""Lines of any octets in any pieces, and what is too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.lines import LIMIT as SASL_LIMIT
from mailtrap.pop3.errors import Bad
from mailtrap.pop3.lines import LIMIT, Lines


def taken(octets: bytes, piece: int, *, in_exchange: bool = False) -> list[bytes | None]:
    """The lines in *octets*; None for one that is too long."""
    lines, found = Lines(), list[bytes | None]()
    for start in range(0, len(octets), piece):
        lines.feed(octets[start : start + piece])
        while lines.ready():
            try:
                found.append(lines.take_one(in_exchange=in_exchange))
            except Bad:
                found.append(None)
        assert len(lines) <= SASL_LIMIT + 1
    return found


@pytest.mark.parametrize("piece", [1000, 4096, 1 << 20])
def test_a_line_over_the_limit_is_refused_once_and_the_next_is_read(piece: int) -> None:
    for size in (LIMIT + 1, SASL_LIMIT, SASL_LIMIT + 1, SASL_LIMIT + 2, 200_000):
        assert taken(b"x" * size + b"\r\nNOOP\r\n", piece) == [None, b"NOOP"]


def test_as_many_octets_as_are_allowed() -> None:
    assert taken(b"x" * LIMIT + b"\r\n", 100) == [b"x" * LIMIT]
    assert taken(b"x" * SASL_LIMIT + b"\r\n", 100, in_exchange=True) == [b"x" * SASL_LIMIT]
    assert taken(b"auth xoauth2 ".ljust(SASL_LIMIT, b"x") + b"\r\n", 100) != [None]


@given(octets=st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\0"])).map(b"".join), piece=st.integers(1, 5))
def test_pieces_make_no_difference(octets: bytes, piece: int) -> None:
    expected = [line.removesuffix(b"\r") for line in octets.split(b"\n")[:-1]]

    assert taken(octets, piece) == expected
