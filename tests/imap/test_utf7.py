"""Modified UTF-7: names of mailboxes. RFC 3501 §5.1.3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.imap.utf7 import decode, encode

WRONG = [
    b"&",
    b"a&",
    b"&AOk",  # never shifted back
    b"&A-",  # no whole octet
    b"&AO-",  # no whole character
    b"&AOkA-",  # one and a half
    b"&AOl-",  # bits left over that are not zero
    b"&AOk=-",  # padding is not written
    b"&AO/-",  # the sign is a comma here
    b"&2D0-",  # half a character
    b"&AGE-",  # "a" stands for itself
    b"&ACY-",  # and "&" is &-
    b"&U,BTFw-&ZeVnLIqe-",  # the RFC's own example of shifting back for nothing
    b"caf\xc3\xa9",
    b"tab\there",
    b"line\r\n",
    b"\x7f",
    b"nul\0",
]


@pytest.mark.parametrize("octets", WRONG)
def test_what_is_not_the_one_spelling_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
        decode(octets)


def test_half_a_character_cannot_be_spelled() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        encode("\ud800")


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("", b""),
        ("INBOX", b"INBOX"),
        ("a & b", b"a &- b"),
        ("&&", b"&-&-"),
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 §5.1.3
        ("Entwürfe", b"Entw&APw-rfe"),
        ("ü&ü", b"&APw-&-&APw-"),
        ("\N{LOVE LETTER}", b"&2D3cjA-"),
        ("\0\x7f", b"&AAAAfw-"),
    ],
)
def test_names_are_spelled_as_the_rfc_says(name: str, octets: bytes) -> None:
    assert encode(name) == octets
    assert decode(octets) == name


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("&-+,/ü台"), max_size=20))
def test_every_name_comes_back(name: str) -> None:
    assert decode(encode(name)) == name
    assert encode(name).isascii()


@given(st.binary(max_size=12) | st.text("&-,+/AOk2Dgü", max_size=12).map(str.encode))
def test_any_octets_are_refused_or_the_one_spelling(octets: bytes) -> None:
    try:
        name = decode(octets)
    except ValueError:
        return
    assert encode(name) == octets
