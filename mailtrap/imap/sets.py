"""Sequence sets: what a client writes when it means several messages, and what it means by it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MAX = 2**32 - 1

Range = tuple[int, int]
"""Both ends are in it."""


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Numbers or UIDs as RFC 9051 §9 writes them (sequence-set), in the fewest ranges."""

    ranges: tuple[Range, ...] = ()
    """What was named by numbers alone: ascending, neither overlapping nor adjacent."""
    up_to_last: int | None = None
    """The lowest number from which everything up to ``*`` is meant; `MAX` for a mere ``*``; None without a ``*``."""
    largest: int = 0
    """The largest number written, ``*`` apart."""
    saved: bool = False
    """It is ``$``, the result of a search (RFC 9051 §6.4.4.1), and by itself nothing."""

    def numbers_within(self, highest: int) -> list[Range]:
        """The ranges of numbers from 1 to *highest*, which is what ``*`` means; ascending, in the fewest."""
        if not highest:
            return []
        last = [] if self.up_to_last is None else [(min(self.up_to_last, highest), highest)]
        within = [(first, min(last, highest)) for first, last in self.ranges if first <= highest]
        return merged(within + last)


SAVED = SequenceSet(saved=True)


def parse(octets: bytes) -> SequenceSet:
    """The set that is written ``1,3:5,9:*`` or ``$``; raises ValueError for anything else.

    >>> parse(b"7:3,4,10:*").ranges
    ((3, 7),)
    """
    if octets == b"$":
        return SAVED
    ranges: list[Range] = []
    up_to_last, largest = None, 0
    for written in octets.split(b","):
        numbers, starred = _numbers(written)
        largest = max(largest, *numbers, 0)
        if starred:
            up_to_last = min(*numbers, up_to_last or MAX, MAX)
        else:
            ranges.append((numbers[0], numbers[-1]))
    return SequenceSet(tuple(merged(ranges)), up_to_last, largest)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same numbers in the fewest ranges, ascending."""
    result: list[Range] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result


def chosen(wanted: SequenceSet, uids: Sequence[int]) -> list[int]:
    """Those of *uids*, which ascend, that *wanted* names by UID.

    ``*`` is the last UID, and in ``n:*`` even where *n* is above it (RFC 9051 §6.4.9). UIDs that are not
    there are no error.
    """
    result: list[int] = []
    for first, last in wanted.numbers_within(uids[-1] if uids else 0):
        result += uids[bisect_left(uids, first) : bisect_right(uids, last)]
    return result


def chosen_numbers(wanted: SequenceSet, uids: Sequence[int]) -> list[int]:
    """Those of *uids* that *wanted* names by message number: the first is 1. Raises ValueError as `check_numbers`."""
    check_numbers(wanted, len(uids))
    result: list[int] = []
    for first, last in wanted.numbers_within(len(uids)):
        result += uids[first - 1 : last]
    return result


def check_numbers(wanted: SequenceSet, messages: int) -> None:
    """Raise ValueError for a number that no message has; ``*`` is one in an empty mailbox (RFC 9051 §9, seq-number)."""
    if wanted.largest > messages:
        raise ValueError(f"there is no message {wanted.largest}")
    if wanted.up_to_last is not None and not messages:
        raise ValueError("there is no message")


def ranges_of(numbers: Iterable[int]) -> Iterator[Range]:
    """The fewest ranges of *numbers*, which ascend."""
    first = last = 0
    for number in numbers:
        if number == last + 1 and last:
            last = number
            continue
        if last:
            yield first, last
        first = last = number
    if last:
        yield first, last


def compressed(numbers: Iterable[int]) -> bytes:
    """Ascending *numbers* as a sequence set.

    >>> compressed([1, 2, 3, 4, 9])
    b'1:4,9'
    """
    return spelled(ranges_of(numbers))


def spelled(ranges: Iterable[Range]) -> bytes:
    """Ranges as a sequence set."""
    return ",".join(f"{first}:{last}" if last > first else str(first) for first, last in ranges).encode()


_WRITTEN = re.compile(rb"(\*|[1-9][0-9]{0,9})(?::(\*|[1-9][0-9]{0,9}))?")


def _numbers(written: bytes) -> tuple[list[int], bool]:
    """The numbers of ``n``, ``n:m``, ``n:*`` or ``*``, which may be in either order, and whether there is a ``*``."""
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise ValueError("not a sequence set")
    ends = [match[1], match[2] or match[1]]
    numbers = sorted(int(end) for end in ends if end != b"*")
    if numbers and numbers[-1] > MAX:
        raise ValueError(f"{numbers[-1]} is above {MAX}")
    return numbers, b"*" in ends
