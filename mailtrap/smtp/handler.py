"""What becomes of a transaction: a message in the store, or the record of why there is none."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from mailtrap.accounts import CATCHALL, accounts_of
from mailtrap.current import Current
from mailtrap.envelope import Address, Envelope
from mailtrap.held import Held
from mailtrap.loop import settled
from mailtrap.message.facts import Facts, LateFacts, examined, with_defect
from mailtrap.message.parse import Octets
from mailtrap.message.summary import Summary
from mailtrap.returns import Returns
from mailtrap.smtp import faulted, lmtp, reply, strictness
from mailtrap.smtp.data import Data
from mailtrap.smtp.policy import Policies
from mailtrap.smtp.strictness import Refused
from mailtrap.smtp.transaction import Transaction
from mailtrap.store import Store
from mailtrap.store.records import NewMessage, NewRefusal

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP

log = logging.getLogger(__name__)

LARGE = 1 << 20
"""From so many octets on a message is looked into in a pool thread, so that the loop serves others meanwhile."""

REFUSALS = 100
"""On record for one transaction; what a client goes on to ask for after that is in the transcript alone."""


class Handler:
    """Begins, ends and records transactions. What is refused is committed before the reply goes out.

    On record is each MAIL and each RCPT that was refused when its turn had come, data that was refused or broke
    off, and a transaction that was given up (RSET, QUIT, EHLO, a closed connection), unless a refusal on record
    explains that.
    """

    def __init__(self, store: Store, current: Current, policies: Policies, returns: Returns, held: Held) -> None:
        self._store = store
        self._current = current
        self._policies = policies
        self._returns = returns
        self._held = held

    def begin(self, mail_from: Address, project: int | None = None) -> Transaction:
        """A transaction of *project*, or of the one that is current now."""
        transaction = Transaction(mail_from, self._current, project)
        transaction.policy = self._policies.of(transaction.project)
        return transaction

    async def deliver(self, smtp: SMTP, transaction: Transaction, data: Data) -> str:
        """Store the message; gives the reply, which is positive only after the commit."""
        if smtp.port.lmtp:
            return await lmtp.deliver(self, smtp, transaction, data)
        is_asked = not data.too_large and (smtp.faults.active or transaction.measure)
        if is_asked and (answer := await faulted.dot(smtp, transaction, data)):
            self.refuse(smtp, transaction, "DATA", answer, ended=True)
            return answer
        summary = await self.keep(smtp, transaction, data)
        if isinstance(summary, str):
            return summary
        answer = reply.stored(summary.id)
        try:
            if smtp.faults.active:
                return await faulted.stored(smtp, transaction, data) or answer
            return answer
        finally:
            if transaction.bounces or any(rcpt_to.parameters for rcpt_to in transaction.rcpt_to):
                self._returns.see_to(summary, transaction.bounces)

    async def keep(self, smtp: SMTP, transaction: Transaction, data: Data) -> Summary | str:
        """Store the message; gives it after the commit, or the reply that says why it is not stored."""
        try:
            return await self._store_it(smtp, transaction, data)
        except Exception as error:
            answer = reply.answer(error)
            self.refuse(smtp, transaction, "DATA", answer, ended=True)
            return answer

    async def _store_it(self, smtp: SMTP, transaction: Transaction, data: Data) -> Summary:
        if data.too_large:
            raise Refused(reply.TOO_LARGE.format(limit=transaction.policy.size))
        try:
            if data.size > LARGE:
                new = await asyncio.to_thread(_new_message, smtp, transaction, data)
            else:
                new = _new_message(smtp, transaction, data)
            adding = self._store.add(new)
        except asyncio.CancelledError:
            transaction.end()
            raise
        # Whatever becomes of this session meanwhile: the transaction ends with the commit.
        adding.add_done_callback(lambda _: transaction.end())
        summary = await settled(adding)
        if transaction.hold:
            await settled(self._held.hold(summary, _accounts(smtp, transaction), transaction.hold))
        return summary

    def refuse(
        self,
        smtp: SMTP,
        transaction: Transaction,
        stage: str,
        answer: str,
        *,
        rcpt_to: tuple[Address, ...] | None = None,
        ended: bool = False,
    ) -> None:
        """Record that *answer* was given at *stage*; *ended* if the transaction is over with that."""
        transaction.refusals += 1
        recording = None
        if transaction.refusals <= REFUSALS:
            recording = self._record(smtp, transaction, stage, answer, rcpt_to)
        if recording is not None:
            smtp.hold_replies_for(recording)
        if ended and recording is not None:
            recording.add_done_callback(lambda _: transaction.end())
        elif ended:
            transaction.end()

    def refuse_data(self, smtp: SMTP, transaction: Transaction, answer: str) -> None:
        """Data was not taken, and the transaction is over with that; refusals on record explain it as well."""
        if transaction.refusals:
            transaction.end()
        else:
            self.refuse(smtp, transaction, "DATA", answer, ended=True)

    def give_up(self, smtp: SMTP, transaction: Transaction, stage: str, answer: str = "") -> None:
        """The client, or the server with *answer*, ended a transaction half-way."""
        if transaction.refusals and transaction.data is None:
            transaction.end()
        else:
            self.refuse(smtp, transaction, stage, answer, ended=True)

    def _record(
        self, smtp: SMTP, transaction: Transaction, stage: str, answer: str, rcpt_to: tuple[Address, ...] | None
    ) -> Future[None] | None:
        envelope = _envelope(smtp, transaction)
        if rcpt_to is not None:
            envelope = replace(envelope, rcpt_to=rcpt_to)
        partial = transaction.data.partial() if transaction.data else b""
        try:
            return self._store.refuse(
                NewRefusal(transaction.project, smtp.transcript.id, stage, smtp.worded(answer), envelope, partial)
            )
        except Exception as error:
            log.warning("a refusal could not be recorded: %s", error)
            return None


def _new_message(smtp: SMTP, transaction: Transaction, data: Data) -> NewMessage:
    octets = data.message()
    new = NewMessage(
        project=transaction.project,
        origin=smtp.port.protocol,
        octets=octets,
        facts=_facts(octets, data),
        envelope=_envelope(smtp, transaction),
        accounts=(CATCHALL,) if transaction.hold else _accounts(smtp, transaction),
        session=smtp.transcript.id,
    )
    if transaction.policy.strict:
        strictness.check(new, transaction)
    return new


def _accounts(smtp: SMTP, transaction: Transaction) -> tuple[str, ...]:
    return accounts_of(_delivered_to(transaction), smtp.account)


def _delivered_to(transaction: Transaction) -> list[Address]:
    """The recipients in whose mailboxes the message arrives."""
    if not transaction.bounces:
        return transaction.rcpt_to
    return [each for each in transaction.rcpt_to if each not in transaction.bounces]


def _facts(octets: Octets, data: Data) -> Facts:
    """Mostly nobody needs them before they are written behind the answer; a large message is in a pool thread now."""
    if data.dots_after_lf:
        return with_defect(examined(octets), "dots-after-lf")
    return examined(octets) if len(octets) > LARGE else LateFacts(octets)


def _envelope(smtp: SMTP, transaction: Transaction) -> Envelope:
    return Envelope(
        mail_from=transaction.mail_from,
        rcpt_to=tuple(transaction.rcpt_to),
        helo=smtp.helo,
        user=smtp.user,
        peer=smtp.transcript.peer,
        tls=smtp.tls,
        started=transaction.started,
    )
