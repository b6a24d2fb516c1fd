"""MAIL: a transaction begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap import held
from mailtrap.envelope import Address
from mailtrap.smtp import faulted, permitted, reply
from mailtrap.smtp.addresses import BadAddress, path
from mailtrap.smtp.parameters import MAIL, after, refused
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


@command("MAIL", "MAIL FROM:<address> [parameters]", grouped=True)
async def mail(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.2."""
    if not smtp.helo:
        return smtp.too_early
    if smtp.transaction is not None:
        return reply.NESTED_MAIL
    text = after("FROM:", arg)
    if not text:
        return reply.syntax(COMMANDS["MAIL"].syntax)
    try:
        mail_from = path(text)
        refusal = refused(smtp, mail_from, MAIL)
        if smtp.user is None and permitted.must_log_in(smtp):  # RFC 4954 §6
            refusal = reply.AUTH_FIRST
    except BadAddress:
        mail_from, refusal = Address(text), reply.BAD_SENDER
    transaction = smtp.handler.begin(mail_from, smtp.project)
    if not refusal and smtp.factory.accounts.any:
        refusal = permitted.mail(smtp, mail_from)
    if not refusal and smtp.faults.active:
        refusal = await faulted.mail(smtp, transaction)
    if refusal:
        smtp.handler.refuse(smtp, transaction, "MAIL", refusal, ended=True)
        return refusal
    smtp.transaction = transaction
    if "FUTURERELEASE" in smtp.offers:
        transaction.hold = held.seconds(mail_from, smtp.factory.clock.time())
    return reply.MAIL_OK
