"""The parameters of MAIL and RCPT: which there are, what offers them, and what their values may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailtrap.envelope import Address
from mailtrap.smtp import reply

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP

Check = Callable[["SMTP", str], str | None]
"""Given the value, which is empty where there is none: the reply that refuses it, or nothing; None if there is no
such value."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of a table: what makes the parameter known, and whether a value can be."""

    extension: str
    check: Check


def _size(smtp: SMTP, value: str) -> str:
    """RFC 1870 §6.1."""
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        return reply.BAD_SIZE
    limit = smtp.policy.size
    return reply.TOO_LARGE.format(limit=limit) if int(value) > limit else ""


def _body(_smtp: SMTP, value: str) -> str | None:
    """RFC 6152 §2."""
    return "" if value.upper() in ("7BIT", "8BITMIME") else None


MAIL: dict[str, Parameter] = {
    "SIZE": Parameter("SIZE", _size),
    "BODY": Parameter("8BITMIME", _body),
    "SMTPUTF8": Parameter("SMTPUTF8", lambda _, value: None if value else ""),  # RFC 6531 §3.4
    "AUTH": Parameter("AUTH", lambda _, value: "" if value else None),  # RFC 4954 §5: kept, trusted by nobody
}
RCPT: dict[str, Parameter] = {}


def refused(smtp: SMTP, address: Address, parameters: dict[str, Parameter]) -> str:
    """The reply that refuses the first parameter of *address* that cannot be; empty if there is none."""
    for each in address.parameters:
        keyword, _, value = each.partition("=")
        parameter = parameters.get(keyword.upper())
        is_known = parameter is not None and parameter.extension in smtp.offers
        refusal = parameter.check(smtp, value) if parameter and is_known else None
        if refusal is None:
            return reply.unsupported(each)
        if refusal:
            return refusal
    return ""


def after(keyword: str, arg: str) -> str:
    """What follows ``FROM:`` or ``TO:``, with or without a space (which many clients send)."""
    return arg[len(keyword) :].lstrip(" \t") if arg[: len(keyword)].upper() == keyword else ""
