"""Sequence sets: what is written and what is meant. RFC 9051 §9."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.imap.sets import (
    MAX,
    SequenceSet,
    chosen,
    chosen_numbers,
    compressed,
    parse,
    ranges_of,
)

WRONG = [
    b"",
    b"0",
    b"00",
    b"01",
    b"1:0",
    b"-1",
    b"+1",
    b" 1",
    b"1 ",
    b"1,",
    b",1",
    b"1,,2",
    b"1:",
    b":1",
    b"1:2:3",
    b"1::2",
    b"**",
    b"1*",
    b"$,1",
    b"1,$",
    b"$$",
    b"$:1",
    b"a",
    b"1\n",
    b"1\0",
    b"4294967296",
    b"1:4294967296",
    b"4294967296:*",
    b"1" * 5000,
    "١".encode(),
    b"\xff",
]


@pytest.mark.parametrize("octets", WRONG)
def test_what_is_no_set_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a sequence set|is above"):
        parse(octets)


@given(st.binary(max_size=12) | st.text("0123456789*:,$", max_size=12).map(str.encode))
def test_any_octets_are_a_set_or_refused(octets: bytes) -> None:
    try:
        parsed = parse(octets)
    except ValueError:
        return
    assert chosen(parsed, [1, 2, 3]) == sorted(set(chosen(parsed, [1, 2, 3])))


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"1", SequenceSet(((1, 1),), None, 1)),
        (b"4294967295", SequenceSet(((MAX, MAX),), None, MAX)),
        (b"2:4", SequenceSet(((2, 4),), None, 4)),
        (b"4:2", SequenceSet(((2, 4),), None, 4)),
        (b"9,1:3,2:5,6", SequenceSet(((1, 6), (9, 9)), None, 9)),
        (b"*", SequenceSet((), MAX, 0)),
        (b"*:*", SequenceSet((), MAX, 0)),
        (b"7:*,*:3", SequenceSet((), 3, 7)),
        (b"$", SequenceSet(saved=True)),
    ],
)
def test_a_set_is_kept_in_the_fewest_ranges(octets: bytes, expected: SequenceSet) -> None:
    assert parse(octets) == expected


@pytest.mark.parametrize(
    ("octets", "within"),
    [
        (b"*", [(7, 7)]),
        (b"8", []),
        (b"8:*", [(7, 7)]),
        (b"*:8", [(7, 7)]),
        (b"3:9", [(3, 7)]),
        (b"1,5:*", [(1, 1), (5, 7)]),
        (b"1:4,5:*", [(1, 7)]),
        (b"9:*,5:*", [(5, 7)]),
    ],
)
def test_the_star_is_the_highest_number(octets: bytes, within: list[tuple[int, int]]) -> None:
    assert parse(octets).numbers_within(7) == within
    assert parse(octets).numbers_within(0) == []


def test_a_set_of_everything_over_and_over_is_one_range() -> None:
    assert parse(b",".join([b"1:4294967295"] * 5000)).ranges == ((1, MAX),)


def test_a_uid_that_is_not_there_is_no_error() -> None:
    assert chosen(parse(b"1,3,5:6,99"), [2, 3, 5, 9]) == [3, 5]
    assert chosen(parse(b"*"), []) == []
    assert chosen(parse(b"1:*"), []) == []


def test_a_range_to_the_star_has_the_last_uid_even_from_above_it() -> None:
    assert chosen(parse(b"559:*"), [2, 9]) == [9]  # RFC 9051 §6.4.9
    assert chosen(parse(b"*:4"), [2, 9]) == [9]


def test_a_number_that_no_message_has_is_an_error() -> None:
    for octets in (b"3", b"1:3", b"3:*", b"*:3", b"1,4294967295"):
        with pytest.raises(ValueError, match="there is no message"):
            chosen_numbers(parse(octets), [10, 20])


def test_the_star_is_an_error_in_an_empty_mailbox() -> None:
    for octets in (b"*", b"1:*", b"*:*"):
        with pytest.raises(ValueError, match="there is no message"):
            chosen_numbers(parse(octets), [])


def test_numbers_are_positions() -> None:
    assert chosen_numbers(parse(b"*,1"), [10, 20, 30]) == [10, 30]
    assert chosen_numbers(parse(b"3:2"), [10, 20, 30]) == [20, 30]


def test_what_was_saved_is_by_itself_nothing() -> None:
    assert chosen(parse(b"$"), [1, 2]) == chosen_numbers(parse(b"$"), [1, 2]) == []


ends = st.integers(1, 30) | st.none()
sets = st.lists(st.tuples(ends, ends), min_size=1, max_size=5)


def spelled(ends: list[tuple[int | None, int | None]]) -> bytes:
    return ",".join(f"{first or '*'}:{last or '*'}" for first, last in ends).encode()


@given(sets, st.lists(st.integers(1, 30), unique=True).map(sorted))
def test_a_set_chooses_what_a_plain_reading_of_it_does(
    ends: list[tuple[int | None, int | None]], uids: list[int]
) -> None:
    top = uids[-1] if uids else 0
    pairs = [sorted((first or top, last or top)) for first, last in ends]
    expected = [uid for uid in uids if any(low <= uid <= high for low, high in pairs)]

    assert chosen(parse(spelled(ends)), uids) == expected


@given(st.lists(st.integers(1, 60), unique=True).map(sorted))
def test_what_is_compressed_is_the_same_numbers(numbers: list[int]) -> None:
    expected = [number for first, last in ranges_of(numbers) for number in range(first, last + 1)]

    assert expected == numbers
    if numbers:
        assert chosen(parse(compressed(numbers)), list(range(1, 70))) == numbers
    else:
        assert compressed(numbers) == b""


def test_neighbours_are_compressed_to_a_range() -> None:
    assert compressed([1, 2, 3, 4, 9, 11, 12]) == b"1:4,9,11:12"
