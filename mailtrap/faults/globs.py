"""Patterns as people write them for addresses: ``*`` and ``?``, in any letter case, in time that cannot explode."""

from __future__ import annotations

from functools import lru_cache

from mailtrap.accounts import account_name


def matches(pattern: str, text: str) -> bool:
    """Whether *pattern* is like all of *text*; brackets stand for themselves, as in address literals.

    >>> matches("*@Slow.test", "ann@slow.TEST"), matches("a?n*", "ann"), matches("ann", "anna")
    (True, True, False)
    """
    return _matches(pattern.casefold(), text.casefold())


def address_matches(pattern: str, address: str) -> bool:
    """The same for an address: a pattern without ``@`` may be its domain, and ``<>`` is the empty address.

    >>> address_matches("slow.test", "ann@slow.test"), address_matches("<>", "")
    (True, True)
    """
    pattern, address = _folded(pattern), _folded(address)
    if _matches(pattern, address or "<>"):
        return True
    return "@" not in pattern and "@" in address and _matches(pattern, address.rpartition("@")[2])


@lru_cache(maxsize=2048)  # rules are few, and each is asked about the same address
def _folded(address: str) -> str:
    """In any letter case the same, and with the domain in Unicode, however it is sent."""
    return account_name(address).casefold()


def _matches(pattern: str, text: str) -> bool:
    """Goes back to the last ``*`` only: no more steps than the lengths multiplied."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    at = star = kept = 0
    here = 0
    seen_star = False
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            seen_star, star, kept = True, at, here
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at, here = at + 1, here + 1
        elif seen_star:
            kept += 1
            at, here = star + 1, kept
        else:
            return False
    return not pattern[at:].strip("*")
