"""Undeliverable mail comes back: reports are made when they are due, and filed for who sent the message."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from mailtrap import dsn
from mailtrap.accounts import accounts_of
from mailtrap.clock import Clock
from mailtrap.envelope import Address, Envelope
from mailtrap.errors import NotFound, StoreUnavailable
from mailtrap.message.facts import examined
from mailtrap.message.summary import Summary
from mailtrap.store import Store
from mailtrap.store.records import NewMessage

if TYPE_CHECKING:
    from mailtrap.bounce import Due
    from mailtrap.faults import Bounce

log = logging.getLogger(__name__)


class Returns:
    """Files reports in the accounts of those who sent the messages; may be used from any thread.

    A report is made by the clock when it is due, of the message as the store has it then: if that was deleted
    meanwhile, there is none. Whoever was told that a message is accepted and then advances the clock, by no time
    if need be, finds all reports that are due by then.
    """

    def __init__(self, store: Store, clock: Clock, hostname: str) -> None:
        self._store = store
        self._clock = clock
        self._hostname = hostname
        self._waiting: set[tuple[int, Due]] = set()

    def see_to(self, summary: Summary, bounces: Mapping[str, Bounce]) -> None:
        """A message was accepted; *bounces* says for which recipients it will turn out to be undeliverable.

        Takes no time, and raises nothing: the reply waits for no report.
        """
        try:
            self._plan(summary, bounces)
        except Exception:
            log.exception("there will be no reports on the message %s", summary.id)

    def _plan(self, summary: Summary, bounces: Mapping[str, Bounce]) -> None:
        from mailtrap.bounce import reports  # late: most sandboxes never make a report

        # An LMTP server has no queue that mail could come back from: its client has, and makes the reports (RFC 2033).
        if summary.envelope is None or summary.origin == "lmtp":
            return
        accepted = self._clock.time()
        for due in reports(summary.envelope, bounces, accepted):
            self._waiting.add((summary.number, due))
            self._clock.after(due.seconds, partial(self._file, summary, summary.envelope, due, accepted))

    def close(self) -> None:
        """Make what is due now, and forget what would be later. What is being made is finished by the clock."""
        if self._waiting:
            try:
                self._clock.advance(0)
            except StoreUnavailable as error:
                log.warning("no more reports can be filed: %s", error)
        if self._waiting:
            log.warning("reports on messages that bounce later, and will not be made: %d", len(self._waiting))

    def _file(self, summary: Summary, envelope: Envelope, due: Due, accepted: datetime) -> Future[Summary] | None:
        self._waiting.discard((summary.number, due))
        try:
            octets = self._report(summary, envelope, due, accepted)
        except NotFound:
            log.info("the message %s was deleted before it could bounce", summary.id)
            return None
        rcpt_to = (Address(envelope.mail_from),)  # without the parameters that it had in MAIL
        new = NewMessage(
            project=summary.project,
            origin="bounce",
            octets=octets,
            facts=examined(octets),
            # RFC 3461 §6.1: from nobody, so that nobody reports on a report.
            envelope=Envelope(Address(""), rcpt_to, helo=self._hostname),
            accounts=accounts_of(rcpt_to),
            session=summary.session,
        )
        return self._store.add(new)

    def _report(self, summary: Summary, envelope: Envelope, due: Due, accepted: datetime) -> bytes:
        from mailtrap.bounce import LARGEST, Report, goes_whole, report

        whole = goes_whole(due.outcomes[0].action, dsn.ret(envelope.mail_from), summary.facts.size)
        about = Report(
            mail_from=envelope.mail_from,
            outcomes=due.outcomes,
            original=self._store.octets(summary.number, 0, None if whole else LARGEST),
            whole=whole,
            at=self._clock.time(),
            hostname=self._hostname,
            arrived=accepted,
            envid=dsn.envid(envelope.mail_from),
            helo=envelope.helo,
            peer=envelope.peer,
            id=summary.id,
            message_id=summary.facts.message_id,
        )
        return report(about)
