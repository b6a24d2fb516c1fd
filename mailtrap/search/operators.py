"""The operators of the query language: what stands behind the colon, as a term of the tree.

Each reads a value, or raises `ValueError` saying what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import partial
from typing import TypeVar, get_args

from mailtrap import quantities
from mailtrap.accounts import account_name
from mailtrap.message.summary import Origin
from mailtrap.search.fold import fold
from mailtrap.search.tree import (
    Account,
    Addressed,
    AddressField,
    Feature,
    Has,
    Header,
    Is,
    Origins,
    Query,
    Received,
    Session,
    SessionField,
    Size,
    State,
    Tag,
    Text,
    TextField,
    Type,
)

Operator = Callable[[str, datetime], Query]
"""Takes the value and the time that it is now."""

Choice = TypeVar("Choice", bound=str)

LATER = ("code", "link")
"""Features that are planned; saying so is better than finding nothing."""

_HEADER_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 §2.2
_TYPE = re.compile(r"[!#$&^_.+*\w-]+/[!#$&^_.+*\w-]+", re.ASCII)  # RFC 6838 §4.2, and wildcards
_TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII | re.IGNORECASE)
_LARGEST = 1 << 62


def text(field: TextField, value: str, _: datetime) -> Query:
    if not fold(value):
        raise ValueError("takes text")
    return Text(field, value)


def address(field: AddressField, value: str, _: datetime) -> Query:
    pattern = value.removeprefix("<").removesuffix(">")
    if not pattern and field != "mailfrom":  # MAIL FROM:<> is what bounces are sent from
        raise ValueError("takes an address or a domain")
    if "@" not in pattern and len(pattern.split()) > 1:
        raise ValueError("takes an address or a domain; a name is found without the operator")
    return Addressed(field, pattern)


def header(value: str, _: datetime) -> Query:
    name, _equals, wanted = value.partition("=")
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError("takes a field's name, as in header:X-Job=4711 or header:X-Job")
    return Header(name, wanted)


def state(value: str, _: datetime) -> Query:
    chosen: State = _one_of(value, get_args(State))
    return Is(chosen)


def feature(value: str, _: datetime) -> Query:
    if value.lower() in LATER:
        raise ValueError(f"does not know {value.lower()} yet; it takes {_choice(get_args(Feature))}")
    chosen: Feature = _one_of(value, get_args(Feature))
    return Has(chosen)


def origin(value: str, _: datetime) -> Query:
    chosen: Origin = _one_of(value, get_args(Origin))
    return Origins((chosen,))


def content_type(value: str, _: datetime) -> Query:
    if not _TYPE.fullmatch(value):
        raise ValueError("takes a content type, as in application/pdf or image/*")
    return Type(value.lower())


def larger(value: str, _: datetime) -> Query:
    return Size(larger=_size(value))


def smaller(value: str, _: datetime) -> Query:
    return Size(smaller=_size(value))


def after(value: str, _: datetime) -> Query:
    return Received(after=_time(value))


def before(value: str, _: datetime) -> Query:
    return Received(before=_time(value))


def newer(value: str, now: datetime) -> Query:
    try:
        return Received(after=now - timedelta(seconds=quantities.duration(value)))
    except (ValueError, OverflowError):
        raise ValueError("takes a time that is not too long, as in 90s, 5m, 2h or 7d") from None


def account(value: str, _: datetime) -> Query:
    return Account(account_name(_given(value, "an account's name")))


def tag(value: str, _: datetime) -> Query:
    return Tag(_given(value, "a tag"))


def session(field: SessionField, value: str, _: datetime) -> Query:
    return Session(field, _given(value, "a value"))


OPERATORS: dict[str, Operator] = {
    **{name: partial(address, name) for name in get_args(AddressField)},
    **{name: partial(text, name) for name in ("subject", "body", "filename")},
    **{name: partial(session, name) for name in ("auth", "helo", "tls")},
    "session": partial(session, "id"),
    "header": header,
    "is": state,
    "has": feature,
    "origin": origin,
    "type": content_type,
    "larger": larger,
    "smaller": smaller,
    "after": after,
    "before": before,
    "newer": newer,
    "account": account,
    "tag": tag,
}


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of *names* that *name* may have been meant to be."""
    return next(iter(get_close_matches(name.lower(), list(names), n=1, cutoff=0.6)), None)


def _given(value: str, what: str) -> str:
    if not value.strip():
        raise ValueError(f"takes {what}")
    return value


def _one_of(value: str, choices: tuple[Choice, ...]) -> Choice:
    for choice in choices:
        if choice == value.lower():
            return choice
    meant = nearest(value, choices)
    raise ValueError(f"takes {_choice(choices)}" + (f"; did you mean {meant}?" if meant else ""))


def _choice(choices: tuple[str, ...]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"


def _size(value: str) -> int:
    try:
        octets = quantities.size(value)
    except ValueError:
        raise ValueError("takes a size, as in 10k, 2M or 5000") from None
    if octets > _LARGEST:
        raise ValueError("takes a size that a message can have")
    return octets


def _time(value: str) -> datetime:
    """RFC 3339; a date alone begins at midnight, and without an offset it is UTC."""
    try:
        when = datetime.fromisoformat(value.upper() if _TIME.fullmatch(value) else "")
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("takes a time, as in 2026-11-01, 2026-11-01T10:00 or 2026-11-01T10:00Z (UTC)") from None
