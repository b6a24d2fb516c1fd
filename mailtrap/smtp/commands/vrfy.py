"""VRFY and EXPN: nobody is known here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.smtp import reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


@command("VRFY", "VRFY name", extension="VRFY")
async def vrfy(_smtp: SMTP, arg: str) -> str:
    """RFC 5321 §3.5.3: 252, since anybody gets mail here and nobody is known."""
    return reply.CANNOT_VERIFY if arg else reply.syntax(COMMANDS["VRFY"].syntax)


@command("EXPN", "EXPN list")
async def expn(_smtp: SMTP, _arg: str) -> str:
    """RFC 5321 §3.5.2: there are no lists to expand."""
    return reply.NOT_SUPPORTED
