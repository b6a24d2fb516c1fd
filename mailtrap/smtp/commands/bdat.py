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
        return refusal
    if not isinstance(transaction.data, Chunks):
        transaction.data = Chunks(transaction.policy.size)
    await smtp.receive(transaction.data, octets)
    if not (is_last or transaction.data.too_large):
        return reply.chunk(octets)
    smtp.transaction = None
    return await smtp.handler.deliver(smtp, transaction, transaction.data)


def _without_size(smtp: SMTP) -> str:
    """Nobody can tell how much of what follows is data: as commands it could do anything. So nothing follows."""
    answer = reply.syntax(COMMANDS["BDAT"].syntax)
    smtp.closing, smtp.farewell, smtp.ended_at = True, answer, "BDAT"
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
