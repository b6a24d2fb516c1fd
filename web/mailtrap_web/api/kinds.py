"""The kinds of parameters that operations take: how each is read, and what the reference says of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from mailtrap.accounts import account_name
from mailtrap.given import project_name
from mailtrap.search.grammar import parse
from mailtrap.search.tree import Addressed, All, Query
from mailtrap_web.api.cursors import Since, read_name_place, read_place, read_since
from mailtrap_web.api.routes import Kind

EVERYTHING = All()

ESMTP_PARAMETER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:=[!-<>-~]+)?")


def text(value: str) -> str:
    """Anything that SQLite and JSON can hold; an undecodable octet has become U+FFFD by now."""
    if "\0" in value:
        raise ValueError("without NUL")
    return value


def switch(value: str) -> bool:
    """``true`` or ``false``."""
    if value not in ("true", "false"):
        raise ValueError("true or false")
    return value == "true"


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number of that range."""

    def read(value: str) -> int:
        if not (value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(value)

    return read


def seconds(most: float) -> Callable[[str], float]:
    """A time in seconds, fractions allowed."""

    def read(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number <= most:
            raise ValueError(f"seconds, from 0 to {most:g}")
        return number

    return read


def mail_address(value: str) -> str:
    """An address as SMTP would have brought it: whatever it is, on one line."""
    if any(each < " " or each == "\x7f" for each in value):
        raise ValueError("an address, without control characters")
    return value


def esmtp_parameter(value: str) -> str:
    """RFC 5321 §4.1.2: esmtp-param."""
    if not ESMTP_PARAMETER.fullmatch(value):
        raise ValueError("a parameter of SMTP such as NOTIFY=NEVER")
    return value


def read_to(value: str) -> Query:
    return Addressed("to", text(value))


_STRING = {"type": "string"}

Q = Annotated[Query | None, Kind(parse, _STRING, "A query of the search language.")]
To = Annotated[
    Query | None,
    Kind(read_to, _STRING, "An address or a domain that RCPT TO, To or Cc names; `*` is a wildcard."),
]
Account = Annotated[
    str | None,
    Kind(
        lambda value: account_name(text(value)), _STRING, "Only what was filed for this account, read as it has read."
    ),
]
AccountName = Annotated[
    str, Kind(lambda value: account_name(text(value)), _STRING, "The account's name, in any letter case.")
]
MessageId = Annotated[str, Kind(text, _STRING, "The message's id, as `250 2.0.0 OK id=…` gave it.")]
MessageIdOrLatest = Annotated[str, Kind(text, _STRING, "The message's id, or `latest`.")]
PartNumber = Annotated[str, Kind(text, _STRING, "The part's number as in IMAP: `1`, `2.1`.")]
ProjectName = Annotated[str, Kind(project_name, _STRING, "The project's name.")]
FaultId = Annotated[str, Kind(text, _STRING, "The rule's id.")]
SessionId = Annotated[str, Kind(text, _STRING, "The session's id.")]
Limit = Annotated[
    int, Kind(whole(1, 200), {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "How many at most.")
]
Place = Annotated[int | None, Kind(read_place, _STRING, "Go on here: the `next` of an earlier page.")]
NamePlace = Annotated[str, Kind(read_name_place, _STRING, "Go on here: the `next` of an earlier page.")]
SincePoint = Annotated[
    Since,
    Kind(read_since, _STRING, "Only what came after this: a `cursor`, an RFC 3339 time, or how long ago, like `30s`."),
]
Flag = Annotated[bool, Kind(switch, {"type": "boolean"}, "`true` or `false`.")]
Contains = Annotated[str, Kind(text, _STRING, "Only names with this in them.")]
SessionPlace = Annotated[str | None, Kind(text, _STRING, "Go on here: the `next` of an earlier page.")]
Count = Annotated[
    int, Kind(whole(1, 200), {"type": "integer", "minimum": 1, "maximum": 200, "default": 1}, "How many must match.")
]
Timeout = Annotated[
    float,
    Kind(seconds(300), {"type": "number", "minimum": 0, "maximum": 300, "default": 30}, "Seconds to wait at most."),
]
MailFrom = Annotated[str | None, Kind(mail_address, _STRING, "The envelope's MAIL FROM; else that of From.")]
RcptTo = Annotated[
    tuple[str, ...],
    Kind(mail_address, _STRING, "The envelope's RCPT TO, as often as needed; else all of To, Cc and Bcc."),
]
MailParameters = Annotated[
    tuple[str, ...], Kind(esmtp_parameter, _STRING, "Parameters of MAIL FROM, such as `RET=HDRS`, one each time.")
]
RcptParameters = Annotated[
    tuple[str, ...],
    Kind(esmtp_parameter, _STRING, "Parameters that each RCPT TO has, such as `NOTIFY=NEVER`, one each time."),
]
