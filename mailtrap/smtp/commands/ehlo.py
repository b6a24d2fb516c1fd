"""EHLO and HELO: who the client is, and what is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.smtp import reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


@command("EHLO", "EHLO hostname")
async def ehlo(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.1; what the client calls itself is not checked."""
    if smtp.policy.profile == "helo":  # a server of before 1995
        return reply.NOT_SUPPORTED
    if not arg:
        return reply.syntax(COMMANDS["EHLO"].syntax)
    smtp.greeted(arg, "EHLO")
    offers = [f"{keyword} {text}".rstrip() for keyword, text in smtp.offer(smtp.policy).items()]
    return reply.multiline("250", [smtp.limits.hostname, *offers])


@command("HELO", "HELO hostname")
async def helo(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.1, for clients of before 1995."""
    if not arg:
        return reply.syntax(COMMANDS["HELO"].syntax)
    smtp.greeted(arg, "HELO")
    return f"250 {smtp.limits.hostname}"
