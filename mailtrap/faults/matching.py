"""Whom a rule is for."""

from __future__ import annotations

from mailtrap.faults.globs import address_matches, matches
from mailtrap.faults.rules import Asked, Rule
from mailtrap.message import headers


def concerns(rule: Rule, project: int | None, asked: Asked) -> bool:
    """Whether *rule*, which acts in *project* (None: everywhere), is for who asks."""
    return (
        project in (None, asked.project)
        and (not rule.rcpt or any(address_matches(rule.rcpt, each) for each in asked.rcpt_to))
        and (not rule.mail_from or (_has_mail_from(asked) and address_matches(rule.mail_from, asked.mail_from)))
        and (not rule.account or (bool(asked.account) and address_matches(rule.account, asked.account)))
        and (not rule.peer or matches(rule.peer, asked.peer))
        and (not rule.header or _has_header(rule.header, asked))
    )


def _has_mail_from(asked: Asked) -> bool:
    """Without one there is "", as there is for the empty reverse-path."""
    return asked.at in ("smtp.mail", "smtp.rcpt", "smtp.data", "smtp.dot", "smtp.stored")


def _has_header(wanted: str, asked: Asked) -> bool:
    if asked.octets is None:
        return False
    name, _, pattern = wanted.partition(":")
    octets = asked.octets()
    found = headers.Header(octets, 0, _header_end(octets)).all(name.strip().lower().encode())
    return any(matches(pattern.strip() or "*", headers.decoded(value)) for value in found)


def _header_end(octets: bytes) -> int:
    ends = [at for empty in (b"\n\r\n", b"\n\n") if (at := octets.find(empty, 0, headers.LIMIT)) >= 0]
    return min(ends, default=len(octets)) + 1
