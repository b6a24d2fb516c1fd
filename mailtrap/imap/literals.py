"""Which literals are let come: those of messages may be large, others not, and before log-in none is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.imap.errors import Bad, No, Refused

if TYPE_CHECKING:
    from mailtrap.imap.session import Session

LITERAL_BEFORE_LOGIN = 4096
LITERAL = 1 << 16
"""Octets of a literal that is no message."""


def refusal(session: Session, size: int, text: bytes, before: int) -> Refused | None:
    """Why a literal of *size* octets is not let come, if it is not.

    *text* is how its command begins, *before* the octets of other literals in that.
    """
    if session.login is None:
        return Bad("log in before you send so much", "TOOBIG") if before + size > LITERAL_BEFORE_LOGIN else None
    words = text.split(b" ", 2)
    if len(words) > 1 and words[1].upper() == b"APPEND" and before <= LITERAL:
        limit = session.world.size_limit
        return No(f"messages have at most {limit} octets here", "TOOBIG") if size > limit else None
    return Bad("a literal is too large", "TOOBIG") if before + size > LITERAL else None
