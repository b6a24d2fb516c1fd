"""The query language: a table of queries, and what holds for any of them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.errors import BadQuery
from mailtrap.search.fold import fold
from mailtrap.search.grammar import DEPTH, LENGTH, TERMS, parse
from mailtrap.search.operators import OPERATORS
from mailtrap.search.tree import Addressed, All, Any, Header, Not, Query, Text

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LINES = (Path(__file__).parent / "queries.txt").read_text("utf-8").splitlines()
WRONG = [tuple(map(str.strip, line.split("=! ", 1))) for line in LINES if "=! " in line and line[0] != "#"]
RIGHT = [tuple(map(str.strip, line.split("=> ", 1))) for line in LINES if "=> " in line and line[0] != "#"]


def shown(value: object) -> str:
    """A tree as the table writes it: `Text('any', 'invoice')`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [shown(getattr(value, field.name)) for field in dataclasses.fields(value)]
        return f"{type(value).__name__}({', '.join(fields)})"
    if isinstance(value, tuple):
        inside = ", ".join(map(shown, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return value.isoformat() if isinstance(value, datetime) else repr(value)


@pytest.mark.parametrize(("query", "error"), WRONG)
def test_a_mistake_is_named_with_its_character(query: str, error: str) -> None:
    with pytest.raises(BadQuery) as caught:
        parse(query)

    assert f"{caught.value.position + 1}: {caught.value.reason}" == error


@pytest.mark.parametrize(("query", "tree"), RIGHT)
def test_a_query_means(query: str, tree: str) -> None:
    assert shown(parse(query, now=NOW)) == tree


def test_every_operator_is_in_the_table() -> None:
    queries = " ".join(query.lower() for query, _ in RIGHT)

    assert [name for name in OPERATORS if f"{name}:" not in queries] == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("a" * (LENGTH + 1), f"a query has at most {LENGTH:,} characters"),
        ("a " * (TERMS + 1), f"a query has at most {TERMS} terms"),
        ("(" * (DEPTH + 1) + "a" + ")" * (DEPTH + 1), f"parentheses and negations go at most {DEPTH} deep"),
        ("-" * (DEPTH + 1) + "a", f"parentheses and negations go at most {DEPTH} deep"),
    ],
)
def test_what_is_too_much_is_said(query: str, reason: str) -> None:
    with pytest.raises(BadQuery, match=reason):
        parse(query)


def test_as_much_as_is_allowed_is_parsed() -> None:
    assert parse("(" * DEPTH + "a" + ")" * DEPTH) == Text("any", "a")
    assert parse("a " * TERMS) == All((Text("any", "a"),) * TERMS)
    assert parse("a" * LENGTH) == Text("any", "a" * LENGTH)


PIECES = st.sampled_from(
    [*(f"{name}:" for name in OPERATORS), " ", '"', "(", ")", "-", "OR", "AND", "NOT", "\\", "=", "*"]
)


@given(st.text() | st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_any_string_is_parsed_or_refused_at_one_of_its_characters(query: str) -> None:
    position = 0
    try:
        parse(query)
    except BadQuery as error:
        position = error.position

    assert 0 <= position <= len(query)


words = st.text(min_size=1).filter(lambda text: fold(text) and text.isprintable())
leaves = (
    st.builds(Text, st.sampled_from(["any", "subject", "body", "filename"]), words)
    | st.builds(Addressed, st.sampled_from(["from", "to", "rcpt"]), words.map(lambda word: word.strip("<>") + "@x"))
    | st.builds(Header, st.from_regex(r"[!-9;<>-~]{1,9}", fullmatch=True), st.just("") | words)
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda terms: All(tuple(terms)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda terms: Any(tuple(terms)))
    ),
    max_leaves=8,
)


def written(query: Query) -> str:
    """A query for a tree."""
    match query:
        case All(terms):
            return "(" + " ".join(map(written, terms)) + ")"
        case Any(terms):
            return "(" + " OR ".join(map(written, terms)) + ")"
        case Not(term):
            return "-" + written(term)
        case Text("any", text):
            return quoted(text)
        case Text(field, text) | Addressed(field, text):
            return f"{field}:{quoted(text)}"
        case Header(name, value):
            return f"header:{quoted(f'{name}={value}')}"
    raise TypeError(query)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(trees)
def test_a_tree_that_is_written_is_read_again(tree: Query) -> None:
    assert parse(written(tree)) == tree
