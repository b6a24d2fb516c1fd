"""Folding: what is the same to a search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.search.fold import fold, storable

texts = st.text(alphabet=st.characters() | st.sampled_from("\0 \n\t\ud800\uffff\u00ad\u0301\u0345ßſﬁΣςσİıŉ각각½…")).map(
    str
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("  Two\r\n words\t", "two words"),
        ("Crème Brûlée", "creme brulee"),
        ("STRASSE Straße", "strasse strasse"),
        ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
        ("İstanbul", "istanbul"),
        ("ﬁne ﬀ ½ … Ⅳ ＡＢＣ", "fine ff 1⁄2 ... iv abc"),
        ("pass\u00adword\u200b\ufeff \u034f\u200c", "password"),
        ("❤\ufe0f", "❤"),
        ("nul\0 lone\udcff", "nul\ufffd lone\ufffd"),
        ("\0", "\ufffd"),
        ("日本語 ガ ｶﾞ", "日本語 カ カ"),
    ],
)
def test_a_text_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_a_syllable_is_found_in_a_longer_one() -> None:
    assert fold("가") in fold("각")


def test_many_different_marks_are_dropped_too() -> None:
    assert fold("a" + "".join(map(chr, range(0x300, 0x340)))) == "a"


@given(texts)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(texts, texts, texts)
def test_a_part_of_a_text_is_a_part_of_the_folded_text(before: str, part: str, after: str) -> None:
    assert fold(part) in fold(before + part + after)


@given(texts, texts)
def test_texts_are_folded_one_by_one(first: str, second: str) -> None:
    assert fold(f"{first} {second}") == f"{fold(first)} {fold(second)}".strip()


@given(texts)
def test_whatever_is_folded_can_be_stored(text: str) -> None:
    assert storable(fold(text)) == fold(text)
    assert "\0" not in fold(text).encode().decode()
    assert "\n" not in fold(text)


@given(texts.filter(str.isascii))
def test_the_short_way_for_ascii_says_the_same(text: str) -> None:
    assert fold(text) == fold(text + " é").removesuffix("e").rstrip()
