"""Cursors: given back as they were given out, and never taken for one another."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.search.tree import All, Received
from mailtrap_web.api.cursors import (
    Since,
    mark,
    name_place,
    place,
    read_mark,
    read_name_place,
    read_place,
    read_since,
)


@pytest.mark.parametrize("text", ["", "c", "42", "p42", "c-1", "c4 2", "c٤", "c" + "9" * 19, "cc1", "C1"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        read_mark(text)


@pytest.mark.parametrize("text", ["", "p", "c42", "n", "p4x"])
def test_a_page_s_cursor_is_another_kind(text: str) -> None:
    with pytest.raises(ValueError, match="next"):
        read_place(text)


@pytest.mark.parametrize("text", ["", "n", "n=", "nA", "p1", "n!!!!", "YW5u", "nü"])
def test_and_so_is_that_of_a_list_of_names(text: str) -> None:
    with pytest.raises(ValueError, match="next"):
        read_name_place(text)


@pytest.mark.parametrize("text", ["", "soon", "30", "30 s", "-30s", "1e3s", "999999999d", "2025-13-01", "p3", "cx"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an RFC 3339 time, or how long ago"):
        read_since(text)


@given(st.integers(0, 10**17))
def test_numbers_come_back(number: int) -> None:
    assert read_mark(mark(number)) == number
    assert read_place(place(number) or "") == number


@given(st.text(min_size=1).filter(lambda name: name.isprintable()))
def test_names_come_back(name: str) -> None:
    assert read_name_place(name_place(name)) == name


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-31T12:00:00Z",
        "2025-01-31T13:00:00+01:00",
        "2025-01-31T13:00:00 01:00",  # a plus sign that was not escaped
        "2025-01-31T12:00:00.000000Z",
        "2025-01-31 12:00:00Z",
        "2025-01-31T12:00:00",
    ],
)
def test_a_time_is_read_in_the_ways_it_is_written(text: str) -> None:
    assert read_since(text) == Since(moment=datetime(2025, 1, 31, 12, tzinfo=UTC))


@pytest.mark.parametrize(("text", "ago"), [("30s", 30), ("500ms", 0.5), ("2m", 120), ("1h", 3600), ("1d", 86400)])
def test_how_long_ago_counts_from_now(text: str, ago: float) -> None:
    before = datetime.now(UTC) - timedelta(seconds=ago)
    found = read_since(text).moment
    after = datetime.now(UTC) - timedelta(seconds=ago)

    assert found is not None
    assert before <= found <= after


def test_a_moment_narrows_the_query_and_a_mark_is_the_store_s() -> None:
    moment = datetime(2025, 1, 31, tzinfo=UTC)

    assert Since(moment=moment).narrow(All()) == All((Received(after=moment), All()))
    assert Since(modseq=7).narrow(All()) == All()


@given(st.text())
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    with suppress(ValueError):
        read_since(text)
    with suppress(ValueError):
        read_name_place(text)
