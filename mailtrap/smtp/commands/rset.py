"""RSET and NOOP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.smtp import reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


@command("RSET", "RSET", grouped=True)
async def rset(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.5."""
    if arg:
        return reply.syntax(COMMANDS["RSET"].syntax)
    smtp.give_up("RSET")
    return reply.OK


@command("NOOP", "NOOP [anything]")
async def noop(_smtp: SMTP, _arg: str) -> str:
    """RFC 5321 §4.1.1.9."""
    return reply.OK
