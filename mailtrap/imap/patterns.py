"""The patterns of LIST: ``*`` is anything, ``%`` anything within one level (RFC 9051 §6.3.9)."""

from __future__ import annotations

from mailtrap.imap.mailboxes import DELIMITER, INBOX


def matches(pattern: str, name: str) -> bool:
    """Whether *name* is what *pattern* says; INBOX in any letter case. Linear in each of the two.

    >>> matches("a/%", "a/b"), matches("a/%", "a/b/c"), matches("a/*", "a/b/c")
    (True, False, True)
    """
    if name == INBOX or name.startswith(INBOX + DELIMITER):
        pattern = _upper_inbox(pattern)
    places = _through_wildcards(pattern, {0})
    for character in name:
        places = _through_wildcards(pattern, _step(pattern, places, character))
        if not places:
            return False
    return len(pattern) in places


def _step(pattern: str, places: set[int], character: str) -> set[int]:
    """Where in the pattern one may be behind *character*."""
    found = set()
    for at in places:
        wanted = pattern[at : at + 1]
        if wanted == "*" or (wanted == "%" and character != DELIMITER):
            found.add(at)
        elif wanted == character:
            found.add(at + 1)
    return found


def _through_wildcards(pattern: str, places: set[int]) -> set[int]:
    """A wildcard may be nothing at all."""
    found = set()
    for at in places:
        while at not in found:
            found.add(at)
            if pattern[at : at + 1] not in ("*", "%"):
                break
            at += 1
    return found


def _upper_inbox(pattern: str) -> str:
    first, delimiter, rest = pattern.partition(DELIMITER)
    return first.upper() + delimiter + rest
