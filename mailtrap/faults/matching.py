"""Whom a rule is for."""

from __future__ import annotations

import re

from mailtrap.faults.globs import address_matches, matches
from mailtrap.faults.rules import TRANSACTION, Asked, Rule
from mailtrap.message import headers
from mailtrap.message.limits import LIMITS

_EMPTY_LINE = re.compile(rb"(?:\A|\n)\r?\n")


def concerns(rule: Rule, asked: Asked) -> bool:
    """Whether *rule* is for who asks."""
    return (
        rule.project in (None, asked.project)
        and (not rule.rcpt or any(address_matches(rule.rcpt, each) for each in asked.rcpt_to))
        and (not rule.mail_from or (asked.at in TRANSACTION and address_matches(rule.mail_from, asked.mail_from)))
        and (not rule.account or (bool(asked.account) and address_matches(rule.account, asked.account)))
        and (not rule.peer or matches(rule.peer, asked.peer))
        and (not rule.header or _has_header(rule.header, asked))
    )


def _has_header(wanted: str, asked: Asked) -> bool:
    if asked.octets is None:
        return False
    name, _, pattern = wanted.partition(":")
    octets = asked.octets()
    found = headers.Header(octets, 0, _header_end(octets)).all(name.strip().lower().encode())
    return any(matches(pattern.strip() or "*", headers.decoded(value)) for value in found)


def _header_end(octets: bytes) -> int:
    empty = _EMPTY_LINE.search(octets, 0, LIMITS.header)
    return empty.end() if empty else len(octets)
