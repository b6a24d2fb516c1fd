"""Faults by address: a recipient at the reserved domain ``fault.test`` says itself what goes wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from mailtrap.accounts import account_name
from mailtrap.errors import BadFault
from mailtrap.faults.actions import Action, joined
from mailtrap.faults.kinds import ENHANCED, read

DOMAIN = "fault.test"
"""RFC 6761 §6.2 keeps ``.test`` for such things: no mail was ever meant for it."""

_TAG = re.compile(r"\+id=[^+]*$")
"""What only makes it another recipient: ``tempfail+451+2x+id=7``, for tests that run at the same time."""
_CODE = r"[45][0-9]{2}"
_WRITTEN: dict[str, tuple[str, Callable[[re.Match[str]], str]]] = {
    "reject": (rf"(?:\+({_CODE})(?:\+({ENHANCED}))?)?", lambda m: joined("reject", m[1], m[2])),
    "tempfail": (
        rf"(?:\+(4[0-9]{{2}})(?:\+({ENHANCED}))?)?(?:\+[0-9]{{1,4}}x)?",
        lambda m: joined("reject", m[1] or "451", m[2]),
    ),
    "delay": (r"\+([0-9a-z.]+)", lambda m: f"delay {m[1]}"),
    "drop": ("", lambda _: "drop"),
    "greylist": (r"(?:\+([0-9a-z.]+))?", lambda m: joined("greylist", m[1])),
    "bounce": (rf"(?:\+({ENHANCED}))?(?:\+([0-9a-z.]+))?", lambda m: joined("bounce", m[1], m[2] and f"after {m[2]}")),
}
"""How the local part goes on behind the kind's name, and the text of ``do`` that this comes to."""


@lru_cache(maxsize=512)
def fault_of(address: str) -> tuple[Action, int | None] | None:
    """What *address* does, and how often (None: always); None if it is like any other.

    >>> fault_of("tempfail+451+2x@Fault.test")
    (Reply(rule='', address='tempfail+451+2x@fault.test', code=451, enhanced='4.3.0', text='refused by a fault'), 2)
    """
    name = account_name(address)
    whole, _, domain = name.rpartition("@")
    local = _TAG.sub("", whole)
    kind = local.partition("+")[0]
    if domain != DOMAIN or kind not in _WRITTEN:
        return None
    pattern, do = _WRITTEN[kind]
    found = re.fullmatch(kind + pattern, local)
    try:
        action = read(do(found), "smtp.rcpt") if found else None
    except BadFault:
        return None
    return None if action is None else (replace(action, address=name), _times(local))


def _times(local: str) -> int | None:
    found = re.search(r"\+([0-9]+)x$", local)
    return int(found[1]) if found else None
