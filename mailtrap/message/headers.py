"""The fields of a header: cut, decoded, and read as addresses, dates and values with parameters."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from mailtrap.envelope import Address
from mailtrap.message import charset, mailboxes, parameters, words
from mailtrap.message.limits import LIMITS


class Field(NamedTuple):
    """One field: *value* is what stands behind the colon, as it was sent, its last line end left out."""

    name: str
    value: bytes
    offset: int


# White space before the colon is obsolete, and read (RFC 5322 §4.5.8). A line that begins with white space goes on
# with the field before it. No part of this can be read in two ways, so nothing is tried twice.
FIELD = re.compile(rb"^([^\x00-\x20:]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE)
FIRST = re.compile(rb"[^\x00-\x20:]++[ \t]*+:")


class Header:
    """The fields of a header, cut by `FIELD` and not yet decoded."""

    __slots__ = ("first", "names", "values")

    def __init__(self, octets: bytes | bytearray, start: int, stop: int) -> None:
        found: list[tuple[bytes, bytes]] = FIELD.findall(octets, start, min(stop, start + LIMITS.header))
        self.names = [name.lower() for name, _ in found]
        self.values = [value for _, value in found]
        self.first = dict(zip(reversed(self.names), reversed(self.values), strict=True))
        """The value of the first field of each name."""

    def all(self, name: bytes) -> list[bytes]:
        """The values of all fields of that name, which is in lower case."""
        count = self.names.count(name)
        if count < 2:
            return [self.first[name]] if count else []
        return [value for each, value in zip(self.names, self.values, strict=True) if each == name]


def fields(octets: bytes | bytearray, start: int, stop: int) -> list[Field]:
    """The fields of the header in ``octets[start:stop]``, in the order of the wire; other lines are left out."""
    found = FIELD.finditer(octets, start, min(stop, start + LIMITS.header))
    return [Field(charset.guessed(each[1]), each[2].removesuffix(b"\r"), each.start()) for each in found]


def decoded(value: bytes) -> str:
    """The value of a field as it is read: unfolded (RFC 5322 §2.2.3), encoded words (RFC 2047) decoded.

    >>> decoded(b" =?utf-8?q?gr=C3=BC=C3=9Fe?=\\r\\n aus K\\xc3\\xb6ln")
    'grüße aus Köln'
    """
    return words.shown(unfolded(value))


def addresses(value: bytes) -> tuple[Address, ...]:
    """The addresses of a field, groups' members among them; at most as many as there may be.

    >>> [(each, each.name) for each in addresses(b"=?utf-8?q?J=C3=BCrgen?= <j@example.com>")]
    [('j@example.com', 'Jürgen')]
    """
    return _cached_addresses(value) if len(value) < 256 else _addresses(value)


def _addresses(value: bytes) -> tuple[Address, ...]:
    return tuple(mailboxes.mailboxes(unfolded(value)))


_cached_addresses = lru_cache(maxsize=512)(_addresses)  # an app has few senders, and tests few recipients


def parameterised(value: bytes) -> tuple[str, dict[str, str]]:
    """The value of Content-Type or Content-Disposition in lower case, and its parameters.

    >>> parameterised(b' Attachment; filename="a.txt"')
    ('attachment', {'filename': 'a.txt'})
    """
    return parameters.parameterised(unfolded(value))


def unfolded(value: bytes) -> str:
    """The value of a field on one line; what is not ASCII is UTF-8 (RFC 6532), or else Latin-1."""
    text = value.decode("ascii") if value.isascii() else charset.guessed(value)
    if "\n" in text:
        text = text.replace("\r\n", "").replace("\n", "")
    return text.strip()


_DATE = re.compile(
    r"(?:[a-z]{3,9},?\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*[\s-]+(\d{2,4})\s+"
    r"(\d{1,2}):(\d\d)(?::(\d\d))?\s*([+-]\d{4}|[a-z]{1,5})?",
    re.IGNORECASE | re.ASCII,
)
_COMMENT = re.compile(r"\([^()]*\)")
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_ZONES = {"ut": 0, "utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6}
_ZONES |= {"pst": -8, "pdt": -7}


@lru_cache(maxsize=256)
def _date(text: str) -> datetime | None:
    match = _DATE.match(text) or _DATE.match(_COMMENT.sub(" ", text).strip())
    if match is None:
        return None
    day, month, year, hour, minute, second, zone = match.groups()
    try:
        return datetime(
            _year(year),
            _MONTHS[month.lower()],
            int(day),
            int(hour),
            int(minute),
            min(int(second or 0), 59),  # a leap second
            tzinfo=_zone(zone or ""),
        )
    except (KeyError, ValueError):
        return None


def date(value: bytes) -> datetime | None:
    """The time that a field states, or None where it states none: before 1900 there was no mail (RFC 5322 §3.3).

    >>> date(b"Fri, 21 Nov 1997 09:55:06 -0600")
    datetime.datetime(1997, 11, 21, 9, 55, 6, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=64800)))
    """
    return _date(unfolded(value[:200]))


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) < 4:  # RFC 5322 §4.3
        year += 2000 if len(digits) == 2 and year < 50 else 1900
    if not 1900 <= year <= 9998:  # the last year would end beyond time in some zones
        raise ValueError(year)
    return year


@lru_cache(maxsize=256)
def _zone(zone: str) -> timezone:
    """RFC 5322 §4.3: letters that mean nothing certain are UTC, and so is no zone."""
    if zone[:1] not in ("+", "-"):
        hours = _ZONES.get(zone.lower(), 0)
        return timezone(timedelta(hours=hours)) if hours else UTC
    minutes = int(zone[1:3]) * 60 + int(zone[3:5])
    return timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes)) if minutes else UTC
