"""AUTH: who submits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiosmtpd import smtp as aiosmtpd

from mailtrap.lines import LineTooLong
from mailtrap.smtp import faulted, reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP

MECHANISMS = {"PLAIN": aiosmtpd.SMTP.auth_PLAIN, "LOGIN": aiosmtpd.SMTP.auth_LOGIN}


def offered(_smtp: SMTP) -> str:
    """The mechanisms, as EHLO lists them."""
    return " ".join(MECHANISMS)


@command("AUTH", "AUTH mechanism [initial-response]")
async def auth(smtp: SMTP, arg: str) -> str | None:
    """RFC 4954. The exchange is aiosmtpd's; over plaintext too unless that is not wanted, and any password will do."""
    is_offered, needs_tls = "AUTH" in smtp.offers, smtp.policy.login_needs_tls and smtp.tls is None
    if not (is_offered or needs_tls):
        return reply.NOT_SUPPORTED
    if not smtp.session.extended_smtp:
        return reply.EHLO_FIRST
    if not is_offered:
        return reply.TLS_FIRST
    if smtp.session.authenticated:
        return reply.LOGGED_IN_ALREADY
    if smtp.transaction is not None:  # §4, Restrictions
        return reply.NOT_IN_TRANSACTION
    words = arg.split()
    if not 1 <= len(words) <= 2:
        return reply.syntax(COMMANDS["AUTH"].syntax)
    mechanism = MECHANISMS.get(words[0].upper())
    if mechanism is None:
        return reply.UNKNOWN_MECHANISM
    try:
        result = await mechanism(smtp, smtp, words)
    except LineTooLong:
        return reply.AUTH_LINE_TOO_LONG
    if not result.success or result.auth_data is None:
        return None
    user = result.auth_data.login.decode("utf-8", "surrogateescape")
    if smtp.faults.active and (refusal := await faulted.at(smtp, "auth", account=user)):
        return refusal
    smtp.session.authenticated = True
    smtp.user = user
    return reply.LOGGED_IN
