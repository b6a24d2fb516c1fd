"""The patterns of LIST: ``*`` is anything, ``%`` anything within one level (RFC 9051 §6.3.9)."""

from __future__ import annotations

import re
from collections import defaultdict

from mailtrap.imap.grammar import NO_NAME
from mailtrap.imap.mailboxes import DELIMITER, INBOX, LONGEST

_RUN = re.compile(r"[*%]{2,}")


class Pattern:
    """A pattern, made ready for many names: a set of places in it is one number, and a step from there is a shift.

    >>> Pattern("a/%").matches("a/b"), Pattern("a/%").matches("a/b/c"), Pattern("a/*").matches("a/b/c")
    (True, False, True)
    """

    def __init__(self, pattern: str) -> None:
        pattern = _RUN.sub(lambda run: "*" if "*" in run[0] else "%", pattern)  # so no wildcard follows another
        if len(pattern) > 2 * LONGEST + 1:
            pattern = NO_NAME  # no name has as many characters as it wants
        self._as_written = _Places(pattern)
        first, delimiter, rest = pattern.partition(DELIMITER)
        self._of_inbox = _Places(first.upper() + delimiter + rest)

    def matches(self, name: str) -> bool:
        """Whether *name* is what the pattern says; INBOX in any letter case."""
        is_inbox = name == INBOX or name.startswith(INBOX + DELIMITER)
        return (self._of_inbox if is_inbox else self._as_written).lead_through(name)


class _Places:
    """Where in a pattern which character leads on: bit n is the place before its nth character."""

    def __init__(self, pattern: str) -> None:
        self._end = 1 << len(pattern)
        self._leaving: dict[str, int] = defaultdict(int)
        for at, character in enumerate(pattern):
            self._leaving[character] |= 1 << at
        self._anything = self._leaving.pop("*", 0)
        self._wildcards = self._anything | self._leaving.pop("%", 0)

    def lead_through(self, name: str) -> bool:
        """Whether *name* leads from the beginning to the end."""
        places = self._skipping(1)
        for character in name:
            staying = self._anything if character == DELIMITER else self._wildcards
            places = self._skipping((places & self._leaving.get(character, 0)) << 1 | places & staying)
        return bool(places & self._end)

    def _skipping(self, places: int) -> int:
        """A wildcard may be nothing at all."""
        return places | (places & self._wildcards) << 1
