"""DATA: the message itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.smtp import faulted, reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


@command("DATA", "DATA")
async def data(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.4."""
    transaction = smtp.transaction
    if transaction is None:
        return reply.RCPT_FIRST if smtp.helo else smtp.too_early
    if arg:
        return reply.syntax(COMMANDS["DATA"].syntax)
    if transaction.data is not None:  # RFC 3030 §2
        return reply.DATA_AFTER_BDAT
    if transaction.is_binary:  # RFC 3030 §3: a final dot cannot be told from other octets
        return reply.BDAT_FOR_BINARY
    if not transaction.rcpt_to:
        if not transaction.refusals:
            smtp.handler.refuse(smtp, transaction, "DATA", smtp.no_recipients)
        return smtp.no_recipients
    if smtp.faults.active and (refusal := await faulted.data(smtp)):
        smtp.handler.refuse(smtp, transaction, "DATA", refusal)
        return refusal
    await smtp.push(reply.GO_AHEAD)
    await smtp.flush()
    received = await smtp.receive_data(transaction)
    smtp.transaction = None
    return await smtp.handler.deliver(smtp, transaction, received)
