"""Transfer encodings undone (RFC 2045 §6)."""

from __future__ import annotations

import base64 as standard
import quopri
from binascii import b2a_qp, b2a_uu

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.message.transfer import base64, quoted_printable, uuencoded


@pytest.mark.parametrize(
    ("octets", "decoded"),
    [
        (b"", b""),
        (b"=", b""),
        (b"====", b""),
        (b"!!!", b""),
        (b"A", b""),
        (b"YQ", b"a"),
        (b"YQ=", b"a"),
        (b"YQ==", b"a"),
        (b"YQ======", b"a"),
        (b"YWI", b"ab"),
        (b"YWJj", b"abc"),
        (b"Y W\r\nJ\tj", b"abc"),
        (b"Y*W-J_j", b"abc"),
        (b"YQ==YmM=", b"abc"),
        (b"YQ==\r\nYg", b"ab"),
        (b"YWJjZ", b"abc"),
    ],
)
def test_base64(octets: bytes, decoded: bytes) -> None:
    assert base64(octets) == decoded


@pytest.mark.parametrize(
    ("octets", "decoded"),
    [
        (b"", b""),
        (b"=", b""),
        (b"==", b"="),
        (b"=4", b"=4"),
        (b"=zz", b"=zz"),
        (b"a=3Db", b"a=b"),
        (b"=c3=a9", b"\xc3\xa9"),
        (b"a=\r\nb", b"ab"),
        (b"a=\nb", b"ab"),
        (b"a= \t\r\nb", b"ab"),
        (b"a=\t\nb", b"ab"),
        (b"a= b", b"a= b"),
        (b"a_b", b"a_b"),
        (b"\xc3\xa9", b"\xc3\xa9"),
        (b"a \r\nb\r\n", b"a \r\nb\r\n"),
    ],
)
def test_quoted_printable(octets: bytes, decoded: bytes) -> None:
    assert quoted_printable(octets) == decoded


@pytest.mark.parametrize(
    ("octets", "decoded"),
    [
        (b"", b""),
        (b"no file\r\n", b""),
        (b"begin 644 a\r\n", b""),
        (b"begin 644 a\r\n#86)C\r\n`\r\nend\r\n", b"abc"),
        (b"before\nbegin 644 a\n#86)C\n#86)C\nend\n#86)C\n", b"abcabc"),
        (b"begin 644 a\n#86)C!!!\nend\n", b"abc"),
        (b"begin 644 a\n\xff\xff\n#86)C\n", b"abc"),
        (b"begin 644 a\n\n#86)C\n", b"abc"),
    ],
)
def test_uuencode(octets: bytes, decoded: bytes) -> None:
    assert uuencoded(octets) == decoded


@given(st.binary())
def test_what_is_encoded_is_decoded(octets: bytes) -> None:
    lines = b"".join(b2a_uu(octets[at : at + 45]) for at in range(0, len(octets), 45))

    assert base64(standard.encodebytes(octets)) == octets
    assert quoted_printable(b2a_qp(octets, istext=False)) == octets
    encoded = quopri.encodestring(octets)  # which changes line ends of two kinds into those of the first
    assert quoted_printable(encoded) == quopri.decodestring(encoded)
    assert uuencoded(b"begin 644 a\n" + lines + b"`\nend\n") == octets
