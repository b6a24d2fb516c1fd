"""Fields of a header, written: folded, and in ASCII."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.message.folding import field
from mailtrap.message.headers import decoded


@pytest.mark.parametrize(
    ("name", "value", "octets"),
    [
        ("A", "", b"A: \r\n"),
        ("A", " b ", b"A: b\r\n"),
        ("A", "b  c\td", b"A: b  c\td\r\n"),
        ("A", "b " * 50, b"A:" + b" b" * 38 + b"\r\n" + b" b" * 12 + b"\r\n"),
        ("A", "b" * 900, b"A:\r\n " + b"b" * 900 + b"\r\n"),
        ("A", "é", b"A: =?utf-8?b?w6k=?=\r\n"),
        ("A", "é" * 20, b"A: =?utf-8?b?" + b"w6nDqcOp" * 6 + b"w6k=?=\r\n =?utf-8?b?w6k=?=\r\n"),
        ("To", "((((", b"To: ((((\r\n"),
        ("To", "Ann <ann@x.test>", b"To: Ann <ann@x.test>\r\n"),
        ("To", "é <ann@x.test>, Bob <b@x.test>", b"To: =?utf-8?b?w6k=?= <ann@x.test>, Bob <b@x.test>\r\n"),
        ("To", 'é@x.test, "B, \\"C\\"" <b@x.test>', 'To: é@x.test, "B, \\"C\\"" <b@x.test>\r\n'.encode()),
        ("To", "é is no address", b"To: =?utf-8?b?w6kgaXMgbm8gYWRkcmVzcw==?=\r\n"),
    ],
)
def test_a_field_is_written(name: str, value: str, octets: bytes) -> None:
    assert field(name, value) == octets


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=500))
def test_a_field_is_read_as_it_was_written_on_lines_that_are_not_too_long(value: str) -> None:
    octets = field("X-Long-Name", value)

    assert decoded(octets.partition(b":")[2]).split() == value.split() or "=?" in value
    assert octets.isascii()
    assert all(len(line) <= 998 and line.strip() for line in octets.removesuffix(b"\r\n").split(b"\r\n"))
