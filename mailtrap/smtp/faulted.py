"""What faults do to a session of SMTP: at each stage whatever the rules want is carried out, in their order.

Nobody comes here while no fault is active, except a recipient that is a fault by its name.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mailtrap.envelope import Address
from mailtrap.errors import NotFound
from mailtrap.faults import (
    Action,
    Asked,
    Bounce,
    Bye,
    Certificate,
    Delay,
    Drop,
    Hang,
    Hide,
    Offer,
    Reply,
    Slow,
    altered,
)
from mailtrap.faults.globs import address_matches
from mailtrap.message.limits import LIMITS
from mailtrap.peers import parts
from mailtrap.smtp import reply
from mailtrap.smtp.data import Data
from mailtrap.smtp.pacing import Measure

if TYPE_CHECKING:
    from mailtrap.smtp.registry import Command, Run
    from mailtrap.smtp.session import SMTP
    from mailtrap.smtp.transaction import Transaction

log = logging.getLogger(__name__)

STAGES = {"HELO": "ehlo", "LHLO": "ehlo"}
"""Commands whose stage is not their own name."""

ASKED_LATER = frozenset({"MAIL", "RCPT", "DATA", "BDAT", "AUTH", "STARTTLS"})
"""Commands that ask themselves, as soon as they know that nothing else refuses them."""


# -- the stages


async def connected(smtp: SMTP) -> str:
    """The connection is there, and nothing was said. Gives what is said in place of the banner, if anything is."""
    instead = await at(smtp, "connect")
    if smtp.port.at_once:
        await starts_tls(smtp, early=True)
    return instead


async def starts_tls(smtp: SMTP, *, early: bool = False) -> str:
    """TLS is about to begin; gives what is said instead, which nobody would hear where TLS comes first (*early*)."""
    answer = await at(smtp, "starttls")
    if answer and early:
        smtp.transcript.add("-", b"closed before TLS: " + answer.encode())
        await smtp.drop(reset=False)
    return answer


def instead_of(command: Command) -> Run:
    """What carries out *command*, unless a fault has its way."""
    return partial(_carried_out, command)


async def _carried_out(command: Command, smtp: SMTP, arg: str) -> str | None:
    if smtp.turned_away and command.verb != "QUIT":  # RFC 5321 §3.1
        return reply.TURNED_AWAY
    if command.verb in ASKED_LATER:
        return await command.run(smtp, arg)
    announced: list[Hide | Offer] = []
    if refusal := await at(smtp, STAGES.get(command.verb, command.verb.lower()), announced=announced):
        return refusal
    answer = await command.run(smtp, arg)
    return _announced(answer, announced) if answer and announced else answer


async def mail(smtp: SMTP, transaction: Transaction) -> str:
    """MAIL would begin *transaction*, which is under way already for who waits for its end."""
    smtp.transaction = transaction
    answer = await at(smtp, "mail")
    smtp.transaction = None
    return answer


async def rcpt(smtp: SMTP, rcpt_to: Address) -> str:
    """*rcpt_to* would be taken."""
    return await at(smtp, "rcpt", rcpt_to=(rcpt_to,))


async def data(smtp: SMTP) -> str:
    """Data would be asked for."""
    answer = await at(smtp, "data")
    if answer and smtp.transaction:
        smtp.transaction.measure = None  # another try is another asking
    return answer


async def dot(smtp: SMTP, transaction: Transaction, data: Data, rcpt_to: tuple[Address, ...] | None = None) -> str:
    """All of *data* came, and would be stored for all its recipients, or in LMTP for *rcpt_to*."""
    smtp.transaction = transaction
    if transaction.measure is not None and transaction.measure.left is not None:  # fewer came: they are lost as well
        await smtp.drop(reset=transaction.measure.reset)
    answer = await at(smtp, "dot", rcpt_to=rcpt_to, data=data)
    smtp.transaction = None
    return answer


async def stored(smtp: SMTP, transaction: Transaction, data: Data, rcpt_to: tuple[Address, ...] | None = None) -> str:
    """It is stored, and the client would be told so. What it is told instead is on record in the transcript alone."""
    return await at(smtp, "stored", transaction=transaction, rcpt_to=rcpt_to, data=data)


# -- what is done there


async def at(
    smtp: SMTP,
    stage: str,
    *,
    transaction: Transaction | None = None,
    rcpt_to: tuple[Address, ...] | None = None,
    data: Data | None = None,
    announced: list[Hide | Offer] | None = None,
    account: str = "",
) -> str:
    """Carry out what faults want at *stage*; gives the reply that takes the place of ours, if there is to be one."""
    transaction = transaction or smtp.transaction
    asked = _asked(smtp, stage, transaction, rcpt_to, data, account)
    answer = ""
    for action in _fired(smtp, asked):
        smtp.transcript.add("-", action.remark.encode())
        match action:
            case Hide() | Offer() if announced is not None:
                announced.append(action)
            case Bounce() if transaction is not None:
                _note(smtp, transaction, action, asked.rcpt_to)
            case _:
                answer = await _carry_out(smtp, stage, action, rcpt_to)
    return answer


def _fired(smtp: SMTP, asked: Asked) -> tuple[Action, ...]:
    try:
        return smtp.faults.fire(asked)
    except Exception:  # no reason to do otherwise than without any
        log.exception("what goes wrong at %s could not be worked out", asked.at)
        return ()


def _asked(
    smtp: SMTP,
    stage: str,
    transaction: Transaction | None,
    rcpt_to: tuple[Address, ...] | None,
    data: Data | None,
    account: str,
) -> Asked:
    if rcpt_to is None and transaction is not None:
        rcpt_to = tuple(transaction.rcpt_to)
    return Asked(
        f"smtp.{stage}",
        transaction.project if transaction else smtp.project or smtp.factory.current.project,
        peer=parts(smtp.transcript.peer)[0],
        mail_from=transaction.mail_from if transaction else "",
        rcpt_to=rcpt_to or (),
        account=account or smtp.user or "",
        octets=(lambda: bytes(data.message()[: LIMITS.header])) if data else None,
    )


async def _carry_out(smtp: SMTP, stage: str, action: Action, rcpt_to: tuple[Address, ...] | None) -> str:
    match action:
        case Delay():
            await smtp.flush()
            await smtp.wait(action.seconds)
        case Slow() if stage == "data" and smtp.transaction:
            smtp.transaction.measure = Measure(pace=action.octets_per_second)
        case Slow():
            smtp.pace = action.octets_per_second
        case Certificate():
            smtp.wrong = action.kind
        case Reply() | Bye():
            return _answered(smtp, stage, action)
        case Drop() | Hang():
            await _end(smtp, stage, action, rcpt_to)
    return ""


def _answered(smtp: SMTP, stage: str, action: Reply | Bye) -> str:
    if isinstance(action, Bye):
        answer = f"421 4.3.2 {smtp.limits.hostname} {action.text}"
    else:
        answer = f"{action.code} {action.enhanced} {action.text}"
    if answer.startswith("421"):  # RFC 5321 §3.8: whoever says so closes
        smtp.closing, smtp.farewell, smtp.ended_at = True, answer, stage.upper()
    elif stage in ("connect", "banner"):
        smtp.turned_away = True
    return answer


async def _end(smtp: SMTP, stage: str, action: Drop | Hang, rcpt_to: tuple[Address, ...] | None) -> None:
    if isinstance(action, Drop) and action.after is not None and stage != "data":  # no data that could be counted
        return
    smtp.ended_at = stage.upper()
    if stage == "rcpt" and smtp.transaction is not None:  # whom it was about is on record nowhere else
        smtp.handler.refuse(smtp, smtp.transaction, "RCPT", "", rcpt_to=rcpt_to)
    if isinstance(action, Hang):
        await smtp.hang()
    elif stage == "starttls":
        smtp.breaks_off = action
    elif action.after is not None and smtp.transaction:
        measure = smtp.transaction.measure or Measure()
        smtp.transaction.measure = replace(measure, left=action.after, reset=action.reset)
    else:
        await smtp.drop(reset=action.reset)


def _note(smtp: SMTP, transaction: Transaction, bounce: Bounce, rcpt_to: tuple[str, ...]) -> None:
    """The report is filed after the commit. Of several recipients, those fail that the rule is for."""
    try:
        pattern = smtp.faults.rule(bounce.rule).rcpt if bounce.rule else ""
    except NotFound:  # removed meanwhile
        pattern = ""
    for each in rcpt_to:
        if not pattern or address_matches(pattern, each):
            transaction.bounces[each] = bounce


def _announced(answer: str, changes: list[Hide | Offer]) -> str:
    """The reply to EHLO *answer* with other keywords; that to HELO has none."""
    hostname, *offers = [line[4:] for line in answer.split("\r\n")]
    if not answer.startswith("250") or not offers:
        return answer
    return reply.multiline("250", [hostname, *altered(offers, changes)])
