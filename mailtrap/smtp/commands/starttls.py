"""STARTTLS: from here on in TLS."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mailtrap.smtp import reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP

log = logging.getLogger(__name__)


@command("STARTTLS", "STARTTLS")
async def starttls(smtp: SMTP, arg: str) -> str | None:
    """RFC 3207 §4. Also in a transaction, which is given up."""
    if smtp.tls is not None:
        return reply.TLS_ALREADY
    if "STARTTLS" not in smtp.offers:
        return reply.NOT_SUPPORTED
    if arg:
        return reply.syntax(COMMANDS["STARTTLS"].syntax)
    try:
        await smtp.factory.tls.context()
    except Exception:
        log.exception("no TLS")
        return reply.NO_TLS
    await smtp.begin_anew(reply.START_TLS)
    return None
