"""BDAT: the message itself, in chunks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mailtrap.smtp import faulted, reply
from mailtrap.smtp.chunks import Chunks, Discarded
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP
    from mailtrap.smtp.transaction import Transaction

_CHUNK = re.compile(r"([0-9]{1,18})(?:[ \t]+(LAST))?", re.IGNORECASE)


@command("BDAT", "BDAT octets [LAST]", extension="CHUNKING")
async def bdat(smtp: SMTP, arg: str) -> str:
    """RFC 3030 §2. The octets of a chunk are read also where they are refused."""
    chunk = _CHUNK.fullmatch(arg)
    if chunk is None:
        return _without_size(smtp)
    octets, is_last = int(chunk[1]), chunk[2] is not None
    transaction = smtp.transaction
    refusal = await _refusal(smtp, transaction)
    if refusal or transaction is None:
        await smtp.receive(Discarded(), octets)
        return _to_each(smtp, transaction, refusal) if is_last else refusal
    if not isinstance(transaction.data, Chunks):
        transaction.data = Chunks(transaction.policy.size)
    await smtp.receive(transaction.data, octets)
    if is_last:
        smtp.transaction = None
        return await smtp.handler.deliver(smtp, transaction, transaction.data)
    return _too_large(smtp, transaction) if transaction.data.too_large else reply.chunk(octets)


def _without_size(smtp: SMTP) -> str:
    """Nobody can tell how much of what follows is data: as commands it could do anything. So nothing follows."""
    answer = reply.syntax(COMMANDS["BDAT"].syntax)
    smtp.closing, smtp.farewell, smtp.ended_at = True, answer, "BDAT"
    return answer


def _to_each(smtp: SMTP, transaction: Transaction | None, refusal: str) -> str:
    """The reply to a last chunk: in LMTP one for each recipient that was taken (RFC 2033 §4.3)."""
    recipients = len(transaction.rcpt_to) if smtp.port.lmtp and transaction is not None else 1
    return "\r\n".join([refusal] * max(1, recipients))


def _too_large(smtp: SMTP, transaction: Transaction) -> str:
    answer = reply.TOO_LARGE.format(limit=transaction.policy.size)
    smtp.transaction = None
    smtp.handler.refuse(smtp, transaction, "DATA", answer, ended=True)
    return answer


async def _refusal(smtp: SMTP, transaction: Transaction | None) -> str:
    """Why the chunk cannot be taken; the transaction is over then, lest a message lack its beginning (§2)."""
    if transaction is None:
        return reply.RCPT_FIRST if smtp.helo else smtp.too_early
    answer = ""
    if not transaction.rcpt_to:
        answer = smtp.no_recipients
    elif smtp.faults.active and transaction.data is None:
        answer = await faulted.data(smtp)
    if answer:
        smtp.transaction = None
        smtp.handler.refuse_data(smtp, transaction, answer)
    return answer
