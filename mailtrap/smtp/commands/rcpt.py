"""RCPT: one recipient more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.envelope import Address
from mailtrap.smtp import faulted, permitted, reply
from mailtrap.smtp.addresses import BadAddress, path
from mailtrap.smtp.parameters import RCPT, after, refused
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


@command("RCPT", "RCPT TO:<address> [parameters]", grouped=True)
async def rcpt(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.3. Anybody is a recipient, unless something else is configured."""
    transaction = smtp.transaction
    if transaction is None:
        return reply.MAIL_FIRST if smtp.helo else smtp.too_early
    if transaction.data is not None:
        return reply.IN_DATA
    text = after("TO:", arg)
    if not text:
        return reply.syntax(COMMANDS["RCPT"].syntax)
    try:
        rcpt_to = path(text)
        refusal = refused(smtp, rcpt_to, RCPT) if rcpt_to else reply.BAD_RECIPIENT
    except BadAddress:
        rcpt_to, refusal = Address(text), reply.BAD_RECIPIENT
    if not refusal and len(transaction.rcpt_to) >= smtp.limits.recipients:
        refusal = reply.TOO_MANY_RECIPIENTS
    is_fault = smtp.faults.is_address(rcpt_to)
    if not refusal and smtp.factory.accounts.any and not is_fault:
        refusal = permitted.rcpt(smtp, transaction, rcpt_to)
    if not refusal and (smtp.faults.active or is_fault):
        refusal = await faulted.rcpt(smtp, rcpt_to)
    if refusal:
        smtp.handler.refuse(smtp, transaction, "RCPT", refusal, rcpt_to=(rcpt_to,))
        return refusal
    transaction.rcpt_to.append(rcpt_to)
    return reply.RCPT_OK
