"""Undeliverable mail comes back: reports are made when they are due, and filed for who sent the message."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from mailtrap import dsn, held
from mailtrap.accounts import accounts_of
from mailtrap.clock import Clock
from mailtrap.envelope import Address, Envelope
from mailtrap.errors import NotFound, StoreUnavailable
from mailtrap.message.facts import examined
from mailtrap.message.summary import Summary
from mailtrap.store import Store
from mailtrap.store.records import NewMessage

if TYPE_CHECKING:
    from mailtrap.bounce import Report, Waiting
    from mailtrap.faults import Bounce

log = logging.getLogger(__name__)


class Returns:
    """Files reports in the accounts of those who sent the messages; may be used from any thread.

    A report is made by the clock when it is due, of the message as the store has it then: if that was deleted
    meanwhile, there is none. Whoever was told that a message is accepted and then advances the clock, by no time
    if need be, finds all reports that are due by then.
    """

    def __init__(self, store: Store, clock: Clock, hostname: str, *, lasting: bool = False) -> None:
        """*lasting*: what is due later is remembered by the store, which will be opened again."""
        self._store = store
        self._clock = clock
        self._hostname = hostname
        self._lasting = lasting
        self._waiting: set[Waiting] = set()

    def resume(self) -> None:
        """Wait again for what the store remembers."""
        for number, what in self._store.remembered().items():
            from mailtrap.bounce import read  # late: mostly there is nothing

            if what.startswith(held.MARK):  # no report
                continue
            try:
                self._wait(read(what), partial(int, number))
            except ValueError as error:
                log.warning("forgotten: %s", error)
                self._store.forget(number)

    def see_to(self, summary: Summary, bounces: Mapping[str, Bounce]) -> None:
        """A message was accepted; *bounces* says for which recipients it will turn out to be undeliverable.

        Takes no time, and raises nothing: the reply waits for no report.
        """
        try:
            self._plan(summary, bounces)
        except Exception:
            log.exception("there will be no reports on the message %s", summary.id)

    def close(self) -> None:
        """Make what is due now. What is being made is finished by the clock; what would be later is not made now."""
        if self._waiting:
            try:
                self._clock.advance(0)
            except StoreUnavailable as error:
                log.warning("no more reports can be filed: %s", error)
        if self._waiting and not self._lasting:
            log.warning("reports on messages that bounce later, and will not be made: %d", len(self._waiting))

    def _plan(self, summary: Summary, bounces: Mapping[str, Bounce]) -> None:
        from mailtrap.bounce import Waiting, reports, written  # late: most sandboxes never make a report

        # An LMTP server has no queue that mail could come back from: its client has, and makes the reports (RFC 2033).
        if summary.envelope is None or summary.origin == "lmtp":
            return
        accepted = self._clock.time()
        for due in reports(summary.envelope, bounces, accepted):
            waiting = Waiting(summary.project, summary.id, accepted, due)
            lasts = self._lasting and due.seconds > 0
            self._wait(waiting, self._store.remember(written(waiting)).result if lasts else None)

    def _wait(self, waiting: Waiting, remembered: Callable[[], int] | None) -> None:
        """*remembered* gives the number under which the store remembers it."""
        self._waiting.add(waiting)
        seconds = (waiting.at - self._clock.time()).total_seconds()
        self._clock.after(max(0.0, seconds), partial(self._file, waiting, remembered))

    def _file(self, waiting: Waiting, remembered: Callable[[], int] | None) -> Future[Any] | None:
        self._waiting.discard(waiting)
        filed: Future[Any] | None = None
        try:
            filed = self._store.add(self._message(self._store.summary(waiting.project, waiting.id), waiting))
        except NotFound:
            log.info("the message %s was deleted before it could bounce", waiting.id)
        if remembered is not None:
            with suppress(StoreUnavailable):  # it could not be remembered
                self._store.forget(remembered())
        return filed

    def _message(self, summary: Summary, waiting: Waiting) -> NewMessage:
        from mailtrap.bounce import report

        about = self._about(summary, waiting)
        rcpt_to, octets = (Address(about.mail_from),), report(about)
        return NewMessage(
            project=summary.project,
            origin="bounce",
            octets=octets,
            facts=examined(octets),
            # RFC 3461 §6.1: from nobody, so that nobody reports on a report.
            envelope=Envelope(Address(""), rcpt_to, helo=self._hostname),
            accounts=accounts_of(rcpt_to),
            session=summary.session,
        )

    def _about(self, summary: Summary, waiting: Waiting) -> Report:
        from mailtrap.bounce import LARGEST, Report, goes_whole

        envelope = summary.envelope or Envelope(Address(""), ())
        whole = goes_whole(waiting.due.outcomes[0].action, dsn.ret(envelope.mail_from), summary.facts.size)
        return Report(
            mail_from=str(envelope.mail_from),  # without the parameters that it had in MAIL
            outcomes=waiting.due.outcomes,
            original=self._store.octets(summary.number, 0, None if whole else LARGEST),
            whole=whole,
            at=self._clock.time(),
            hostname=self._hostname,
            arrived=waiting.accepted,
            envid=dsn.envid(envelope.mail_from),
            helo=envelope.helo,
            peer=envelope.peer,
            id=summary.id,
            message_id=summary.facts.message_id,
        )
