"""The end of data in LMTP: one reply for each recipient that was taken (RFC 2033 §4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.envelope import Address
from mailtrap.smtp import faulted, reply
from mailtrap.smtp.data import Data
from mailtrap.smtp.transaction import Transaction

if TYPE_CHECKING:
    from mailtrap.smtp.handler import Handler
    from mailtrap.smtp.session import SMTP


async def deliver(handler: Handler, smtp: SMTP, transaction: Transaction, data: Data) -> str:
    """Store the message for whom it is not refused; gives the replies, in the order of the recipients."""
    asked = tuple(transaction.rcpt_to)
    answers: list[str] = []
    for each in asked:  # behind 421 nobody else is asked about: that is said for all the others, and then it closes
        answers.append(answers[-1] if smtp.closing else await _refusal(smtp, transaction, data, each))
    transaction.rcpt_to[:] = [each for each, answer in zip(asked, answers, strict=True) if not answer]
    for each, answer in zip(asked, answers, strict=True):
        if answer:
            handler.refuse(smtp, transaction, "DATA", answer, rcpt_to=(each,))
    if not transaction.rcpt_to:
        transaction.end()
        return "\r\n".join(answers)
    kept = await handler.keep(smtp, transaction, data)
    if isinstance(kept, str):
        return "\r\n".join(answer or kept for answer in answers)
    stored = reply.stored(kept.id)
    said = [
        answer or await _told(smtp, transaction, data, each) or stored
        for each, answer in zip(asked, answers, strict=True)
    ]
    return "\r\n".join(said)


async def _refusal(smtp: SMTP, transaction: Transaction, data: Data, rcpt_to: Address) -> str:
    """What a fault has said of *rcpt_to* before anything is stored. A bounce is said here and now."""
    if data.too_large:
        return ""
    answer = ""
    if smtp.faults.active or transaction.measure:
        answer = await faulted.dot(smtp, transaction, data, (rcpt_to,))
    bounce = transaction.bounces.get(rcpt_to)
    return answer or (f"{bounce.code} {bounce.enhanced} {bounce.text}" if bounce else "")


async def _told(smtp: SMTP, transaction: Transaction, data: Data, rcpt_to: Address) -> str:
    answer = await faulted.stored(smtp, transaction, data, (rcpt_to,)) if smtp.faults.active else ""
    if rcpt_to in transaction.bounces:  # since just now: who bounced earlier was refused
        smtp.transcript.add("-", b"nothing bounces: in LMTP only a reply could say so, and the message is stored")
    return answer
