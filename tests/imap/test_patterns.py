"""Patterns of LIST, against a model that tries everything."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.imap.grammar import NO_NAME
from mailtrap.imap.patterns import Pattern


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("", "a"),
        ("a", ""),
        ("a", "A"),
        ("a", "ab"),
        ("ab", "a"),
        ("%", "a/b"),
        ("a%", "a/b"),
        ("a/%", "a"),
        ("a/%", "a/b/c"),
        ("%/%", "a"),
        ("*a", "ab"),
        ("a*b", "a"),
        ("inboxes", "INBOX"),
        ("x/inbox", "x/INBOX"),
        ("a", "a/"),
        (NO_NAME, "a"),
        (NO_NAME, ""),
        ("x" * 3000, "x" * 1000),
        ("*x" * 2000, "x" * 1000),
    ],
)
def test_what_does_not_match(pattern: str, name: str) -> None:
    assert not Pattern(pattern).matches(name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("a", "a"),
        ("*", "a/b/c"),
        ("%", "a"),
        ("a*", "a"),
        ("a%", "a"),
        ("a/%", "a/b"),
        ("a/%", "a/"),
        ("%/%", "a/b"),
        ("*%", "a/b"),
        ("%*%", "a/b"),
        ("%%", "ab"),
        ("a*a*a", "aaa"),
        ("inbox", "INBOX"),
        ("iNb%", "INBOX"),
        ("inbox/Ann", "INBOX/Ann"),
        ("*x", "INBOX"),
        ("[a-z].+(", "[a-z].+("),
        ("日*", "日本/語"),
    ],
)
def test_what_matches(pattern: str, name: str) -> None:
    assert Pattern(pattern).matches(name)


@given(pattern=st.text("ab/*%", max_size=8), name=st.text("ab/", max_size=8))
def test_it_matches_what_the_rfc_says(pattern: str, name: str) -> None:
    assert Pattern(pattern).matches(name) == tried(pattern, name)


@cache
def tried(pattern: str, name: str) -> bool:
    """RFC 9051 §6.3.9, letter by letter."""
    if not pattern:
        return not name
    first, rest = pattern[0], pattern[1:]
    if first in "*%" and tried(rest, name):
        return True
    if not name:
        return False
    if first == "*" or (first == "%" and name[0] != "/"):
        return tried(pattern, name[1:])
    return first == name[0] and tried(rest, name[1:])


@pytest.mark.parametrize(
    "pattern", ["*a" * 500 + "b", "%a*" * 300 + "b", "*" * 60_000, "*%" * 30_000 + "b", "*a" * 30_000]
)
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    matching = Pattern(pattern)

    assert [matching.matches("a" * 1000) for _ in range(100)] == [pattern == "*" * 60_000] * 100
