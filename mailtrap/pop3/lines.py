"""Command lines of POP3: shorter than those of SMTP, but for what an AUTH exchange needs."""

from __future__ import annotations

from mailtrap import lines
from mailtrap.pop3.errors import Bad

LIMIT = 2048
"""Octets of a command without its end. RFC 2449 §4 has 253, which names with a project before them may need more of."""


class Lines(lines.Lines):
    """Lines whose limit depends on what they are."""

    def take_one(self, *, in_exchange: bool) -> bytes:
        """The next line, once `ready`; raises `Bad` in the place of one that is too long."""
        limit = lines.LIMIT if in_exchange else LIMIT
        try:
            line = self.take()
        except lines.LineTooLong:
            raise _too_long(limit) from None
        if len(line) > limit and line[:5].upper() != b"AUTH ":
            raise _too_long(limit)
        return line


def _too_long(limit: int) -> Bad:
    return Bad(f"A line may have {limit:,} octets")
