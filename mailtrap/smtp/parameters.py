"""The parameters of MAIL and RCPT: which there are, what offers them, and what their values may be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailtrap import dsn, held
from mailtrap.envelope import Address
from mailtrap.smtp import reply

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP

Check = Callable[["SMTP", str], str | None]
"""Given the value, which is empty where there is none: the reply that refuses it, or nothing; None if there is no
such parameter with such a value."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of a table: what makes the parameter known, and whether a value can be."""

    extension: str
    check: Check


def refused(smtp: SMTP, address: Address, parameters: dict[str, Parameter]) -> str:
    """The reply that refuses *address* as it is written, or a parameter of it; empty if nothing does."""
    seen: set[str] = set()
    for each in address.parameters:
        keyword, _, value = each.partition("=")
        keyword = keyword.upper()
        parameter = parameters.get(keyword)
        if parameter is None or parameter.extension not in smtp.offers:
            return reply.unsupported(each)
        refusal = parameter.check(smtp, value)
        if refusal is None:
            return reply.unsupported(each)
        if refusal or keyword in seen or seen & ONE_OF.get(keyword, set()):
            return refusal or reply.twice(keyword)
        seen.add(keyword)
    return "" if address.isascii() or _may_be_utf8(smtp, seen) else reply.NOT_ASCII


def after(keyword: str, arg: str) -> str:
    """What follows ``FROM:`` or ``TO:``, with or without a space (which many clients send)."""
    return arg[len(keyword) :].lstrip(" \t") if arg[: len(keyword)].upper() == keyword else ""


def _may_be_utf8(smtp: SMTP, parameters: set[str]) -> bool:
    """RFC 6531 §3.5 wants SMTPUTF8 said at MAIL; what is kept does not depend on it, so only a strict server asks."""
    if "SMTPUTF8" not in smtp.offers:
        return False
    is_said = "SMTPUTF8" in parameters or (smtp.transaction is not None and smtp.transaction.has("SMTPUTF8"))
    return is_said or not smtp.policy.strict


# -- what values may be


def _flag(_smtp: SMTP, value: str) -> str | None:
    """It has none."""
    return None if value else ""


def _word(_smtp: SMTP, value: str) -> str | None:
    """Anything, and something."""
    return "" if value else None


def _such(pattern: str) -> Check:
    """What *pattern* matches, in any letter case."""
    return _those(re.compile(pattern, re.IGNORECASE | re.ASCII).fullmatch)


def _those(can_be: Callable[[str], object]) -> Check:
    """What *can_be*."""
    return lambda _, value: "" if can_be(value) else reply.bad_value(value)


def _size(smtp: SMTP, value: str) -> str:
    """RFC 1870 §6.1."""
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        return reply.BAD_SIZE
    limit = smtp.policy.size
    return reply.TOO_LARGE.format(limit=limit) if int(value) > limit else ""


def _body(smtp: SMTP, value: str) -> str | None:
    """RFC 6152 §2, RFC 3030 §3."""
    binary = value.upper() == "BINARYMIME" and "BINARYMIME" in smtp.offers
    return "" if binary or value.upper() in ("7BIT", "8BITMIME") else None


def _hold(keyword: str) -> Check:
    def check(smtp: SMTP, value: str) -> str:
        try:
            held.seconds(Address("", parameters=(f"{keyword}={value}",)), smtp.factory.clock.time())
        except held.BadHold:
            return reply.bad_value(value)
        return ""

    return check


def _is_envid(value: str) -> bool:
    """RFC 3461 §4.4: printable ASCII, up to 100 characters of it."""
    return 0 < len(value) <= 100 and _is_printable(dsn.envid(Address("", parameters=(f"ENVID={value}",))))


def _is_orcpt(value: str) -> bool:
    """RFC 3461 §4.2, RFC 6533 §3."""
    found = dsn.original(value)
    return found is not None and len(value) <= 500 and (found[0].lower() == "utf-8" or _is_printable(found[1]))


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable() and text != ""


ONE_OF = {"HOLDFOR": {"HOLDUNTIL"}, "HOLDUNTIL": {"HOLDFOR"}}
"""Parameters that do not go together."""

MAIL: dict[str, Parameter] = {
    "SIZE": Parameter("SIZE", _size),
    "BODY": Parameter("8BITMIME", _body),
    "SMTPUTF8": Parameter("SMTPUTF8", _flag),  # RFC 6531 §3.4
    "AUTH": Parameter("AUTH", _word),  # RFC 4954 §5: who wrote it first; kept, and trusted by nobody
    "RET": Parameter("DSN", _such("FULL|HDRS")),  # RFC 3461 §4.3
    "ENVID": Parameter("DSN", _those(_is_envid)),
    "HOLDFOR": Parameter("FUTURERELEASE", _hold("HOLDFOR")),  # RFC 4865 §4
    "HOLDUNTIL": Parameter("FUTURERELEASE", _hold("HOLDUNTIL")),
    "REQUIRETLS": Parameter("REQUIRETLS", _flag),  # RFC 8689 §2
    "MT-PRIORITY": Parameter("MT-PRIORITY", _such("-?[1-9]|0")),  # RFC 6710 §4.1
    # RFC 2852 §4: how long it may take, at least a second where it is to be returned then (R)
    "BY": Parameter("DELIVERBY", _such(r"(?:[-+]?[0-9]{1,9};N|\+?(?=[0-9]*[1-9])[0-9]{1,9};R)T?")),
}
RCPT: dict[str, Parameter] = {
    "NOTIFY": Parameter("DSN", _those(dsn.conditions)),  # RFC 3461 §4.1
    "ORCPT": Parameter("DSN", _those(_is_orcpt)),
}
