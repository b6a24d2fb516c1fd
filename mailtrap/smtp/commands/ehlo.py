"""EHLO, HELO and LHLO: who the client is, and what is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.smtp import reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


@command("EHLO", "EHLO hostname", lmtp=False)
async def ehlo(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.1; what the client calls itself is not checked."""
    if smtp.policy.profile == "helo":  # a server of before 1995
        return reply.NOT_SUPPORTED
    return _greeted(smtp, "EHLO", arg)


@command("LHLO", "LHLO hostname", lmtp=True)
async def lhlo(smtp: SMTP, arg: str) -> str:
    """RFC 2033 §4.1: as EHLO, which there is not in LMTP, nor HELO."""
    return _greeted(smtp, "LHLO", arg)


def _greeted(smtp: SMTP, verb: str, arg: str) -> str:
    if not arg:
        return reply.syntax(COMMANDS[verb].syntax)
    smtp.greeted(arg, verb)
    offers = [f"{keyword} {text}".rstrip() for keyword, text in smtp.offer(smtp.policy).items()]
    return reply.multiline("250", [smtp.limits.hostname, *offers])


@command("HELO", "HELO hostname", lmtp=False)
async def helo(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.1, for clients of before 1995."""
    if not arg:
        return reply.syntax(COMMANDS["HELO"].syntax)
    smtp.greeted(arg, "HELO")
    return f"250 {smtp.limits.hostname}"
