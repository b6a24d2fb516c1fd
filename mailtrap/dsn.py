"""What a client asked to be told of its message's fate: the parameters of RFC 3461, out of an envelope.

They were checked when they came; of those that were not (an import, say) what makes no sense counts as not said.
"""

from __future__ import annotations

import re

from mailtrap import xtext
from mailtrap.envelope import Address

NEVER = "NEVER"
CONDITIONS = frozenset(("SUCCESS", "FAILURE", "DELAY"))


def notify(rcpt_to: Address) -> frozenset[str]:
    """When to tell of *rcpt_to* (§4.1): ``NEVER`` alone, or some of ``SUCCESS FAILURE DELAY``; empty if unsaid.

    >>> sorted(notify(Address("ann@example.com", parameters=("notify=Success,DELAY",))))
    ['DELAY', 'SUCCESS']
    """
    found = conditions(rcpt_to.parameter("NOTIFY") or "")
    return found or frozenset()


def ret(mail_from: Address) -> str:
    """How much of the message to return (§4.3): ``FULL``, ``HDRS``, or empty if unsaid."""
    found = (mail_from.parameter("RET") or "").upper()
    return found if found in ("FULL", "HDRS") else ""


def envid(mail_from: Address) -> str:
    """The client's own name for the transaction (§4.4), decoded; empty if there is none."""
    try:
        return xtext.decoded(mail_from.parameter("ENVID") or "")
    except xtext.BadXtext:
        return ""


def orcpt(rcpt_to: Address) -> tuple[str, str] | None:
    """The type and the address of the recipient that was meant at first (§4.2), decoded; None if unsaid.

    >>> orcpt(Address("ann@example.com", parameters=("ORCPT=rfc822;ann+2Bnews@example.com",)))
    ('rfc822', 'ann+news@example.com')
    """
    return original(rcpt_to.parameter("ORCPT") or "")


def conditions(value: str) -> frozenset[str] | None:
    """What a value of NOTIFY says; None if it says nothing that can be."""
    words = value.upper().split(",")
    if words == [NEVER] or CONDITIONS.issuperset(words):
        return frozenset(words)
    return None


def original(value: str) -> tuple[str, str] | None:
    """What a value of ORCPT says; None if it cannot be."""
    kind, semicolon, address = value.partition(";")
    if not (semicolon and _ATOM.fullmatch(kind) and address):
        return None
    try:
        return kind, _unitext(address) if kind.lower() == "utf-8" else xtext.decoded(address)
    except xtext.BadXtext:
        return None


_ATOM = re.compile(r"[!#$%&'*+\-/0-9=?A-Z^_`a-z{|}~]+")
_UNITEXT = re.compile(r"(?:[!-*,-<>-\[\]-~]|[^\x00-\x7f]|\\x\{(?:[0-9A-F]{2,5}|10[0-9A-F]{4})\})*+")
_EMBEDDED = re.compile(r"\\x\{([0-9A-F]{2,6})\}")


def _unitext(text: str) -> str:
    """RFC 6533 §3: a ``utf-8`` address, as itself or in ASCII with ``\\x{…}`` for what is not."""
    if not _UNITEXT.fullmatch(text):
        raise xtext.BadXtext(text)
    return _EMBEDDED.sub(lambda found: _character(int(found[1], 16)), text)


def _character(point: int) -> str:
    if 0xD800 <= point < 0xE000:
        raise xtext.BadXtext(f"\\x{{{point:X}}}")
    return chr(point)
