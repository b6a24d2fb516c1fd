"""QUIT: the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.smtp import reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


@command("QUIT", "QUIT")
async def quit_(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.10."""
    if arg:
        return reply.syntax(COMMANDS["QUIT"].syntax)
    smtp.give_up("QUIT")
    smtp.closing = True
    return reply.BYE
