"""Any text is a quantity or a `ValueError` that says what is wanted; nothing else is raised."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap import quantities as q

READERS = (q.port, q.listener, q.count, q.size, q.duration, q.addresses, q.host_name, q.host_names, q.path, q.url)
ANYTHING = st.one_of(
    st.text(),
    st.from_regex(r"[0-9.,:\[\]a-z/ -]{0,20}", fullmatch=True),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text()),
    st.dictionaries(st.text(), st.text(), max_size=1),
)


@pytest.mark.parametrize("reader", READERS)
@given(value=ANYTHING)
def test_anything_is_read_or_refused(reader: Callable[[object], object], value: object) -> None:
    with suppress(ValueError):
        reader(value)


@pytest.mark.parametrize("reader", READERS)
@given(value=ANYTHING)
def test_what_was_read_reads_as_itself(reader: Callable[[object], object], value: object) -> None:
    try:
        once = reader(value)
    except ValueError:
        return

    assert reader(once) == once


@given(st.integers(0, 65535))
def test_every_port_there_is_can_be_written(number: int) -> None:
    assert q.port(str(number)) == q.port(number) == number
