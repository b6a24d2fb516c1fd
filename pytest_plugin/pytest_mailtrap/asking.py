"""One question that a test asks its inbox, and what it says if the answer is no."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailtrap.message.captured import Message
from mailtrap.store.watch import Watch, arrivals
from pytest_mailtrap.criteria import Wanted
from pytest_mailtrap.failure import MailNotFound, UnexpectedMail, not_found, too_many, unwanted
from pytest_mailtrap.hints import hints
from pytest_mailtrap.waiting import Waiting, in_coroutine

if TYPE_CHECKING:
    from pytest_mailtrap.arrived import Arrived
    from pytest_mailtrap.inbox import Inbox

MOST = 10_000
"""So many of the messages already there are looked at."""


@dataclass(frozen=True, slots=True)
class Question:
    """Is there mail that is *wanted*, of that which came after mod-sequence *since*? The test called *method*."""

    mail: Arrived
    method: str
    wanted: Wanted
    since: int | None

    @property
    def inbox(self) -> Inbox:
        """Whose mail it is about."""
        return self.mail.inbox

    def one(self) -> Message:
        """The only one; it does not wait."""
        __tracebackhide__ = True
        with self._waiting() as waiting:
            matched = waiting.matched
        if not matched:
            raise self._not_found(1, None)
        if len(matched) > 1:
            raise UnexpectedMail(too_many(self.wanted, self.mail.record(), matched))
        return matched[0]

    def none(self, within: float) -> None:
        """Fail if there is any, or any comes *within* so many seconds."""
        __tracebackhide__ = True
        with self._waiting() as waiting:
            self._may_block(waiting, 1, within)
            waiting.wait(1, within)
        self._must_be_empty(waiting.matched)

    async def async_none(self, within: float) -> None:
        """The same for a coroutine."""
        __tracebackhide__ = True
        with self._waiting() as waiting:
            await waiting.async_wait(1, within)
        self._must_be_empty(waiting.matched)

    def several(self, count: int, timeout: float | None) -> list[Message]:
        """All there are, oldest first, as soon as there are *count*."""
        __tracebackhide__ = True
        seconds = self.inbox.timeout if timeout is None else timeout
        with self._waiting() as waiting:
            self._may_block(waiting, count, seconds)
            if waiting.wait(count, seconds):
                return waiting.matched
        raise self._not_found(count, seconds)

    async def async_several(self, count: int, timeout: float | None) -> list[Message]:  # noqa: ASYNC109 - as asked
        """The same for a coroutine."""
        __tracebackhide__ = True
        seconds = self.inbox.timeout if timeout is None else timeout
        with self._waiting() as waiting:
            if await waiting.async_wait(count, seconds):
                return waiting.matched
        raise self._not_found(count, seconds)

    @contextmanager
    def _waiting(self) -> Iterator[Waiting]:
        inbox, query = self.inbox, arrivals(self.wanted.query)
        with Watch(inbox.server.store, inbox.project, query, since=self.since, limit=MOST) as watch:
            yield Waiting(watch, self.wanted, inbox.server.message)

    def _may_block(self, waiting: Waiting, count: int, seconds: float) -> None:
        """Refuse to wait in a coroutine: nothing else in its thread would run meanwhile, the sender perhaps."""
        __tracebackhide__ = True
        if seconds > 0 and len(waiting.matched) < count and in_coroutine():
            how = "async with" if self.method == "expect" else "await"
            raise RuntimeError(
                f"{self.mail.called}.{self.method}() would stop the event loop of this thread: "
                f"use {how} {self.mail.called}.async_{self.method}(…)"
            )

    def _must_be_empty(self, matched: list[Message]) -> None:
        __tracebackhide__ = True
        if matched:
            raise UnexpectedMail(unwanted(self.wanted, self.mail.record(), matched))

    def _not_found(self, count: int, seconds: float | None) -> MailNotFound:
        with self._waiting() as waiting:
            matched = len(waiting.matched)
        text = not_found(
            self.wanted,
            self.mail.record(),
            "" if seconds is None else f" within {seconds:g} s",
            f"only {matched} of {count} mails" if matched else "no mail",
            hints(self) if not matched else [],
        )
        now = datetime.now(UTC)
        return MailNotFound(text, lambda patience: self._late(matched + 1, now, patience))

    def _late(self, count: int, failed: datetime, patience: float) -> str | None:
        """What to say of mail that came when the test had given up."""
        with self._waiting() as waiting:
            if not waiting.wait(count, patience):
                return None
            late = (waiting.matched[count - 1].summary.received_at - failed).total_seconds()
        advice = "use wait()" if self.method == "one" else "is the timeout too short?"
        return f"  note: one more came {max(late, 0):.2g} s after {self.method}(): {advice}"
