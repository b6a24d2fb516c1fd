"""The parameters of MAIL and RCPT: which there are, and what their values may be."""

from __future__ import annotations

from collections.abc import Callable

from mailtrap.envelope import Address
from mailtrap.smtp import reply


def _size(value: str, limit: int) -> str:
    """RFC 1870 §6.1."""
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        return reply.BAD_SIZE
    return reply.TOO_LARGE.format(limit=limit) if int(value) > limit else ""


Option = Callable[[str, int], str | None]
"""Given the value and the size limit: the reply that refuses it, or nothing; None if there is no such value."""

MAIL: dict[str, Option] = {
    "SIZE": _size,
    "BODY": lambda value, _: "" if value.upper() in ("7BIT", "8BITMIME") else None,  # RFC 6152 §2
    "SMTPUTF8": lambda value, _: None if value else "",  # RFC 6531 §3.4
    "AUTH": lambda value, _: "" if value else None,  # RFC 4954 §5: who wrote it first; kept, trusted by nobody
}
RCPT: dict[str, Option] = {}


def refused(address: Address, options: dict[str, Option], limit: int) -> str:
    """The reply that refuses the first parameter of *address* that cannot be; empty if there is none."""
    for parameter in address.parameters:
        keyword, _, value = parameter.partition("=")
        option = options.get(keyword.upper())
        refusal = option(value, limit) if option else None
        if refusal is None:
            return reply.unsupported(parameter)
        if refusal:
            return refusal
    return ""


def after(keyword: str, arg: str) -> str:
    """What follows ``FROM:`` or ``TO:``, with or without a space (which many clients send)."""
    return arg[len(keyword) :].lstrip(" \t") if arg[: len(keyword)].upper() == keyword else ""
