"""HELP: what there is, and how it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.smtp import reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


@command("HELP", "HELP [command]")
async def help_(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.8."""
    if not arg:
        return reply.multiline("214", [
            "2.0.0 This is a mail sandbox: it takes every message and sends none on.",
            "2.0.0 Commands: " + " ".join(sorted(_known(smtp))),
        ])  # fmt: skip
    about = COMMANDS.get(arg.upper())
    return f"214 2.0.0 Syntax: {about.syntax}" if about else reply.UNKNOWN_TOPIC


def _known(smtp: SMTP) -> list[str]:
    return [verb for verb, each in COMMANDS.items() if each.is_spoken(smtp) and each.is_known(smtp)]
