"""EHLO and HELO: who the client is, and what is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.smtp import reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


ORDER = ("EHLO", "MAIL", "VRFY", "STARTTLS", "AUTH")
"""In which order commands say what they offer."""


@command("EHLO", "EHLO hostname", offers=("PIPELINING", "ENHANCEDSTATUSCODES"))
async def ehlo(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.1; what the client calls itself is not checked."""
    if not arg:
        return reply.syntax(COMMANDS["EHLO"].syntax)
    smtp.greeted(arg, "EHLO")
    commands = [each for verb in ORDER if (each := COMMANDS[verb]).is_offered(smtp)]
    offers = [offer.format(size=smtp.limits.size) for each in commands for offer in each.offers]
    return reply.multiline("250", [smtp.limits.hostname, *offers])


@command("HELO", "HELO hostname")
async def helo(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.1, for clients of before 1995."""
    if not arg:
        return reply.syntax(COMMANDS["HELO"].syntax)
    smtp.greeted(arg, "HELO")
    return f"250 {smtp.limits.hostname}"
