"""Which literals are let come: those of messages may be large, others not, and before log-in none is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.imap.errors import Bad, No, Refused

if TYPE_CHECKING:
    from mailtrap.imap.session import Session

BEFORE_LOGIN = 4096
"""So many octets of literals are let come at most, whatever the limit is."""


def refusal(session: Session, size: int, text: bytes, before: int) -> Refused | None:
    """Why a literal of *size* octets is not let come, if it is not.

    *text* is how its command begins, *before* the octets of other literals in that.
    """
    most = session.world.literal_limit
    if session.login is None:
        return Bad("log in before you send so much", "TOOBIG") if before + size > min(most, BEFORE_LOGIN) else None
    words = text.split(b" ", 2)
    if len(words) > 1 and words[1].upper() == b"APPEND" and before <= most:
        limit = session.world.size_limit
        return No(f"messages have at most {limit} octets here", "TOOBIG") if size > limit else None
    return Bad("a literal is too large", "TOOBIG") if before + size > most else None
