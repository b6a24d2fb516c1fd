"""Octets as text, whatever they claim to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.message.charset import CODECS, codec, decoded, guessed, without_surrogates


@pytest.mark.parametrize(
    "name", ["", "x-klingon", "base64", "rot13", "zlib", "idna", "punycode", "unicode_escape", "x" * 10**6]
)
def test_unknown_charsets(name: str) -> None:
    assert codec(name) is None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("UTF-8", "utf_8"),
        ("utf8", "utf_8"),
        (" utf-8 ", "utf_8"),
        ("US-ASCII", "ascii"),
        ("unknown-8bit", "ascii"),
        ("ISO-8859-1", "cp1252"),
        ("iso-8859-15", "iso8859_15"),
        ("iso-8859-8-i", "iso8859_8"),
        ("windows-1251", "cp1251"),
        ("KOI8-R", "koi8_r"),
        ("gb2312", "gb18030"),
        ("GBK", "gb18030"),
        ("big5", "big5"),
        ("ks_c_5601-1987", "cp949"),
        ("EUC-KR", "cp949"),
        ("Shift_JIS", "cp932"),
        ("iso-2022-jp", "iso2022_jp"),
        ("macintosh", "mac_roman"),
        ("unicode-1-1-utf-7", "utf_7"),
    ],
)
def test_charsets_by_the_names_that_mail_has_for_them(name: str, found: str) -> None:
    assert codec(name) == found


@pytest.mark.parametrize(
    ("octets", "name", "text"),
    [
        (b"caf\xc3\xa9", "utf-8", "café"),
        (b"caf\xe9", "utf-8", "caf\ufffd"),
        (b"caf\xc3\xa9", "us-ascii", "café"),
        (b"caf\xe9", "us-ascii", "café"),
        (b"caf\xe9", "", "café"),
        (b"caf\xe9", "x-klingon", "café"),
        (b"\x80 caf\xe9", "iso-8859-1", "€ café"),
        (b"\x81", "iso-8859-1", "\ufffd"),
        (b"\xef\xbb\xbfa", "utf-8", "a"),
        (b"\xef\xbb\xbfa", "", "a"),
        (b"\xff\xfea\0", "utf-16", "a"),
        (b"\xfe\xff\0a", "utf-16", "a"),
        (b"\0a", "utf-16", "a"),
        (b"a\0", "utf-16", "a"),
        (b"a\0b", "utf-16", "a\ufffd"),
        (b"\0\xd8", "utf-16le", "\ufffd"),
        (b"+2D0-", "utf-7", "\ufffd"),
        (b"+2D3cAA-", "utf-7", "🐀"),
        (b'\x1b$B$"\x1b(B', "iso-2022-jp", "あ"),
        (b"\x81", "shift_jis", "\ufffd"),
    ],
)
def test_texts(octets: bytes, name: str, text: str) -> None:
    assert decoded(octets, name) == text


def test_a_guess_is_utf_8_if_it_can_be() -> None:
    assert guessed("Größe".encode()) == guessed("Größe".encode("cp1252")) == "Größe"


@given(st.text(st.characters(codec="utf-8")), st.sampled_from(["utf-8", "utf-7", "utf-16", "utf-32", "gb18030"]))
def test_what_can_be_written_is_read(text: str, name: str) -> None:
    assert decoded(text.encode(name), name) == text.removeprefix("\ufeff")


@pytest.mark.parametrize("name", sorted(set(CODECS.values())))
def test_every_codec_reads_ascii(name: str) -> None:
    if not name.startswith(("utf_16", "utf_32", "cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140", "hz")):
        assert decoded(b"Hi 7", name) == "Hi 7"


def test_half_characters_are_replaced() -> None:
    assert without_surrogates("a\ud83d\udc00\ud83d") == "a🐀\ufffd"
