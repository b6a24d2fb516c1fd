"""Places in time and in a list, as clients see them: short strings that mean nothing to anybody else.

A *mark* is a mod-sequence of the store: what came after it is new. A *place* is where a list goes on.
They look different, so that one given for the other is noticed.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mailtrap.search.tree import All, Query, Received

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGO = re.compile(r"([0-9]{1,9})(ms|[smhd])", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Since:
    """Only what came after this: a mark, or a moment."""

    modseq: int | None = None
    moment: datetime | None = None

    def narrow(self, query: Query) -> Query:
        """*query*, for messages since the moment; a mark is given to the store as it is."""
        return query if self.moment is None else All((Received(after=self.moment), query))


def mark(modseq: int) -> str:
    """The cursor for a mod-sequence.

    >>> mark(42), read_mark("c42")
    ('c42', 42)
    """
    return f"c{modseq}"


def read_mark(text: str) -> int:
    """The mod-sequence of a cursor; raises `ValueError`."""
    if text[:1] != "c" or not _NUMBER.fullmatch(text, 1):
        raise ValueError("a cursor from an earlier answer")
    return int(text[1:])


def place(number: int | None) -> str | None:
    """The cursor for the next page, which begins below a row number; None where there is none."""
    return None if number is None else f"p{number}"


def read_place(text: str) -> int:
    """The row number of a page's cursor; raises `ValueError`."""
    if text[:1] != "p" or not _NUMBER.fullmatch(text, 1):
        raise ValueError("the `next` of an earlier page")
    return int(text[1:])


def name_place(name: str) -> str:
    """The cursor for the page after *name*, of a list in the order of names.

    >>> read_name_place(name_place("ann@bücher.example"))
    'ann@bücher.example'
    """
    return "n" + base64.urlsafe_b64encode(name.encode("utf-8", "surrogateescape")).decode("ascii").rstrip("=")


def read_name_place(text: str) -> str:
    """The name of such a cursor; raises `ValueError`."""
    try:
        octets = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if text[:1] != "n" or not octets:
        raise ValueError("the `next` of an earlier page")
    return octets.decode("utf-8", "surrogateescape")


def read_since(text: str) -> Since:
    """A cursor, an RFC 3339 time, or how long ago (``30s``, ``5m``, ``2h``, ``1d``); raises `ValueError`.

    >>> read_since("c7")
    Since(modseq=7, moment=None)
    >>> read_since("2025-01-31T12:00:00Z").moment.isoformat()
    '2025-01-31T12:00:00+00:00'
    """
    try:
        if text[:1] == "c":
            return Since(modseq=read_mark(text))
        if ago := _AGO.fullmatch(text):
            return Since(moment=datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
        return Since(moment=_moment(text))
    except (ValueError, OverflowError):
        raise ValueError("a cursor, an RFC 3339 time, or how long ago, like 30s") from None


def _moment(text: str) -> datetime:
    # A plus sign that nobody escaped comes out of a query string as a space.
    moment = datetime.fromisoformat(re.sub(r" (?=[0-9]{2}:[0-9]{2}\Z)", "+", text) if "T" in text else text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
