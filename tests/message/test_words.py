"""Encoded words (RFC 2047)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.message.words import decoded, shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=?",
        "=?utf-8?q?a",
        "=?utf-8?q?a?",
        "=?utf-8?x?a?=",
        "=??q?a?=",
        "=?utf-8?q",
        "=? utf-8?q?a?=",
        "=?utf-8?q?a?b?=",
        "?=?=",
        "a=b?c",
    ],
)
def test_what_only_looks_like_a_word_stays(text: str) -> None:
    assert decoded(text) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # RFC 2047 §8
        ("(=?ISO-8859-1?Q?a?=)", "(a)"),
        ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a?=  \t =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
        ("=?iso-8859-1?q?=A1Hola!_=5F?=", "¡Hola! _"),
        ("=?utf-8?B?4piD?=", "☃"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8?q??=", ""),
        ("=?utf-8?q??= =?utf-8?q?a?=", "a"),
        # RFC 2231 §5
        ("=?utf-8*de?q?a?= =?utf-8?q?b?=", "ab"),
        # what senders do
        ("=?utf-8?q?a b?=", "a b"),
        ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?=C3?= =?UTF-8?q?=BC?=", "ü"),
        ("=?utf-8?b?w7?= =?utf-8?b?w?=", "\ufffd"),
        ("=?utf-8?q?=C3?= =?iso-8859-1?q?=BC?=", "\ufffd¼"),
        ("=?utf-8?q?=zz=?=", "=zz"),
        ("=?utf-8?b?YQ?=", "a"),
        ("=?utf-8?b?YQ==YQ==?=", "aa"),
        ("=?utf-8?b?Y!Q?=", "a"),
        ("=?us-ascii?q?caf=C3=A9?=", "café"),
        ("=?x-klingon?q?caf=C3=A9?=", "café"),
        ("=?x-klingon?q?caf=E9?=", "café"),
        ("=?utf-8?q?é?=", "é"),
        ("=?iso-8859-1?q?é?=", "é"),
        ("=?utf-7?q?+2D0-?=", "\ufffd"),
    ],
)
def test_words_are_decoded(text: str, found: str) -> None:
    assert decoded(text) == found


def test_a_phrase_is_shown_without_space_around_it() -> None:
    assert shown(" =?utf-8?q?_a_?= ") == "a"


@given(st.text().filter(lambda text: "=?" not in text))
def test_text_without_words_stays(text: str) -> None:
    assert decoded(text) == text
