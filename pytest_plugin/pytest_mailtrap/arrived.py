"""Mail of one kind that came into a world or is to come: looking at it, and waiting for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Unpack

from mailtrap.message.captured import Message
from mailtrap.search.tree import Origins
from mailtrap.store.watch import arrivals
from pytest_mailtrap.asking import Question
from pytest_mailtrap.criteria import Criteria, Criterion, Wanted, wanted
from pytest_mailtrap.expecting import Expecting
from pytest_mailtrap.record import Record

if TYPE_CHECKING:
    from pytest_mailtrap.inbox import Inbox

PAGE = 200


class Arrived:
    """What came so far, oldest first, and questions about it; see `Criteria` for what can be asked."""

    called = "inbox"

    @property
    def inbox(self) -> Inbox:
        """The inbox that it came to."""
        raise NotImplementedError

    def record(self) -> Record:
        """All that happened, for a failure to tell."""
        raise NotImplementedError

    # -- what is there

    @property
    def messages(self) -> list[Message]:
        """All mail so far, oldest first."""
        newest_first: list[Message] = []
        before: int | None = None
        inbox, query = self.inbox, arrivals(self._wanted({}).query)
        while True:
            page = inbox.server.store.messages(inbox.project, query, since=inbox.since, before=before, limit=PAGE)
            newest_first += map(inbox.server.message, page.summaries)
            before = page.next
            if before is None:
                return newest_first[::-1]

    def __iter__(self) -> Iterator[Message]:
        return iter(self.messages)

    def __len__(self) -> int:
        return len(self.messages)

    def __getitem__(self, index: int) -> Message:
        return self.messages[index]

    def one(self, **criteria: Unpack[Criteria]) -> Message:
        """The one mail there is, or the one for which all *criteria* hold. It does not wait: see `wait`.

        Where there is none, or more than one, the test fails and is told what there is instead.
        """
        __tracebackhide__ = True
        return self._asked("one", criteria).one()

    # -- what is to come

    def wait(self, *, timeout: float | None = None, **criteria: Unpack[Criteria]) -> Message:
        """The newest mail for which all *criteria* hold; if there is none yet, it waits for one."""
        __tracebackhide__ = True
        return self._asked("wait", criteria).several(1, timeout)[-1]

    def wait_all(self, *, count: int, timeout: float | None = None, **criteria: Unpack[Criteria]) -> list[Message]:
        """All mail for which all *criteria* hold, oldest first, as soon as there are *count* or more."""
        __tracebackhide__ = True
        return self._asked("wait_all", criteria).several(count, timeout)

    def never(self, *, within: float = 0.2, **criteria: Unpack[Criteria]) -> None:
        """Fail if there is mail for which all *criteria* hold, or if any comes within so many seconds."""
        __tracebackhide__ = True
        self._asked("never", criteria).none(within)

    def expect(self, *, timeout: float | None = None, **criteria: Unpack[Criteria]) -> Expecting:
        """For ``with``: the newest mail that comes inside the block or soon after, never one that was there before.

        What the block is given is that mail, as soon as the block has ended.
        """
        return Expecting(self, "expect", self._wanted(criteria), timeout)

    async def async_wait(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - its end is a failure of the test, in words of ours
        **criteria: Unpack[Criteria],
    ) -> Message:
        """What `wait` gives, for a coroutine under asyncio or trio."""
        __tracebackhide__ = True
        return (await self._asked("async_wait", criteria).async_several(1, timeout))[-1]

    async def async_wait_all(
        self,
        *,
        count: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
        **criteria: Unpack[Criteria],
    ) -> list[Message]:
        """What `wait_all` gives, for a coroutine."""
        __tracebackhide__ = True
        return await self._asked("async_wait_all", criteria).async_several(count, timeout)

    async def async_never(self, *, within: float = 0.2, **criteria: Unpack[Criteria]) -> None:
        """`never` for a coroutine."""
        __tracebackhide__ = True
        await self._asked("async_never", criteria).async_none(within)

    def async_expect(self, *, timeout: float | None = None, **criteria: Unpack[Criteria]) -> Expecting:
        """`expect` for a coroutine: for ``async with``."""
        return Expecting(self, "async_expect", self._wanted(criteria), timeout)

    def _asked(self, method: str, criteria: Any) -> Question:
        __tracebackhide__ = True
        return Question(self, method, self._wanted(criteria), self.inbox.since)

    def _wanted(self, criteria: Any) -> Wanted:
        __tracebackhide__ = True
        return wanted(criteria)


class Bounces(Arrived):
    """The reports of undeliverable mail that came back; they are asked about as the mail of an inbox is."""

    called = "inbox.bounces"

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def __repr__(self) -> str:
        return f"<Bounces: {len(self)}>"

    @property
    def inbox(self) -> Inbox:
        """The inbox whose mail could not be delivered."""
        return self._inbox

    @property
    def messages(self) -> list[Message]:
        """All reports so far, oldest first."""
        self._settle()
        return super().messages

    def record(self) -> Record:
        """All that happened, the reports among it."""
        record = self._inbox.record()
        return Record([*record.messages, *self.messages], record.refusals, record.causes)

    def _asked(self, method: str, criteria: Any) -> Question:
        __tracebackhide__ = True
        self._settle()
        return super()._asked(method, criteria)

    def _settle(self) -> None:
        """Wait for what is due by now: the client's 250 does not."""
        self._inbox.server.clock.advance(0)

    def _wanted(self, criteria: Any) -> Wanted:
        __tracebackhide__ = True
        return Wanted((*wanted(criteria).criteria, BOUNCE))


BOUNCE = Criterion(
    "origin", "bounce", lambda mail: mail.origin == "bounce", lambda mail: (mail.origin,), Origins(("bounce",))
)
