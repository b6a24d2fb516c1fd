"""The words behind the name of a fault's kind: ``451 4.7.1 try later``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from mailtrap import quantities as q
from mailtrap.errors import BadFault

T = TypeVar("T")

LONGEST = 400
"""Octets of a text: with code and line end it fits the 512 of a reply line (RFC 5321 §4.5.3.1.5)."""
MOST_SECONDS = 10 * 365 * 86_400.0
MOST_OCTETS = 10**12


class Words:
    """Reads what follows a kind's name, word by word. *at* is the stage."""

    def __init__(self, text: str, at: str) -> None:
        self.at = at
        self.protocol = at.partition(".")[0]
        self._rest = text.strip()

    def take(self, pattern: str) -> re.Match[str] | None:
        """The next word, if *pattern* is like all of it; else it stays."""
        word, _, rest = self._rest.partition(" ")
        found = re.fullmatch(pattern, word)
        if found:
            self._rest = rest.lstrip()
        return found

    def take_last(self, pattern: str) -> re.Match[str] | None:
        """The end of what is left, if *pattern* is like it; else it stays."""
        found = re.search(rf"(?:^|(?<= )){pattern}$", self._rest)
        if found:
            self._rest = self._rest[: found.start()].rstrip()
        return found

    def text(self, default: str) -> str:
        """All the rest, as a protocol can say it, or *default*."""
        text, self._rest = self._rest, ""
        if not (text.isascii() and text.isprintable() and len(text) <= LONGEST):
            raise BadFault("do", f"a text of a reply is printable ASCII of up to {LONGEST} characters")
        return text or default

    def end(self, wanted: str) -> None:
        """Nothing is left."""
        if self._rest:
            raise BadFault("do", f"{self._rest!r} is too much: it is written {wanted}")

    def needed(self, pattern: str, wanted: str) -> re.Match[str]:
        """The next word, which must be like *pattern*."""
        found = self.take(pattern)
        if found is None:
            wrong = f"{self._rest!r} does not fit" if self._rest else "something is missing"
            raise BadFault("do", f"{wrong}: it is written {wanted}")
        return found


def seconds(text: str, of: str = "do") -> float:
    """A duration, to the millisecond; *of* is the member that has it."""
    try:
        found = round(q.duration(text), 3)
    except ValueError as error:
        raise BadFault(of, f"{text!r} is not {error}") from None
    if not 0 < found <= MOST_SECONDS:
        raise BadFault(of, f"{text!r} is not a time from 1ms to 3650d")
    return found


def octets(text: str) -> int:
    """A size."""
    return _bounded(q.size, text, MOST_OCTETS)


def count(text: str) -> int:
    """How many."""
    return _bounded(q.count, text, 10**9)


def _bounded(read: Callable[[object], int], text: str, most: int) -> int:
    try:
        found = read(text)
    except ValueError as error:
        raise BadFault("do", f"{text!r} is not {error}") from None
    if found > most:
        raise BadFault("do", f"{text!r} is too much: {most} is the most")
    return found
