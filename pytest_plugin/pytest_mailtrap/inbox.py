"""The inbox of a test: what came, waiting for what is to come, and handing in what is to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from mailtrap.accounts import CATCHALL
from mailtrap.message.captured import Message
from mailtrap.store.records import Refusal
from mailtrap.store.watch import arrivals
from pytest_mailtrap import delivering, reading
from pytest_mailtrap.asking import Question
from pytest_mailtrap.conversation import conversations
from pytest_mailtrap.criteria import Criteria, wanted
from pytest_mailtrap.expecting import Expecting
from pytest_mailtrap.record import Record

if TYPE_CHECKING:
    import imaplib
    import poplib

    from pytest_mailtrap.server import Server

PAGE = 200


class Smtp(TypedDict):
    """Where to send mail: ``smtplib.SMTP(**inbox.smtp())`` takes it as it is."""

    host: str
    port: int


class Inbox:
    """A world of its own: whatever is sent while it is open, to anyone, is here, and nothing else is.

    Criteria are those of `Criteria`; without any, every mail will do. What came by SMTP or by `deliver` counts;
    what was imported does not, unless ``q=`` names that origin.
    """

    def __init__(self, server: Server, outer: Inbox | None, timeout: float, gap: int) -> None:
        """Made by `Server.inbox`. Inside an *outer* one it is what comes to that one from now on."""
        self.server = server
        world = server.store.new_project() if outer is None else outer
        self.project: int = world.project if isinstance(world, Inbox) else world.id
        self.world: str = world.world if isinstance(world, Inbox) else world.name
        """The name of the project, which logs in to it by IMAP and POP3: ``world/ann@example.com``."""
        self.timeout = timeout
        self.opened = datetime.now(UTC)
        self.since = server.store.cursor() if outer else None
        """The mod-sequence after which it begins; None where the project is its own."""
        self.gap = gap
        """The mod-sequence since which no inbox was open."""
        self._refused_before = max((each.number for each in outer.record().refusals), default=0) if outer else 0

    def __repr__(self) -> str:
        return f"<Inbox: {self.record().summary}>"

    # -- what is there

    @property
    def messages(self) -> list[Message]:
        """All mail so far, oldest first."""
        newest_first: list[Message] = []
        before: int | None = None
        while True:
            page = self.server.store.messages(
                self.project, arrivals(wanted({}).query), since=self.since, before=before, limit=PAGE
            )
            newest_first += map(self.server.message, page.summaries)
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
        return Question(self, "one", wanted(criteria), self.since).one()

    @property
    def rejected(self) -> list[Refusal]:
        """What the server refused, oldest first, each with its ``reply``, ``stage`` and ``envelope``."""
        return [each for each in self.record().refusals if each.reply]

    @property
    def transcript(self) -> str:
        """What clients and server said since this was opened, each line with its time in the session."""
        return "\n".join(map(str, conversations(self)))

    def record(self) -> Record:
        """All that happened: what arrived, what was refused, what clients gave up."""
        refusals: list[Refusal] = []
        number = self._refused_before
        while page := self.server.store.refusals(self.project, since=number, limit=PAGE):
            refusals += page
            number = page[-1].number
        return Record(self.messages, refusals)

    # -- what is to come

    def wait(self, *, timeout: float | None = None, **criteria: Unpack[Criteria]) -> Message:
        """The newest mail for which all *criteria* hold; if there is none yet, it waits for one."""
        __tracebackhide__ = True
        return Question(self, "wait", wanted(criteria), self.since).several(1, timeout)[-1]

    def wait_all(self, *, count: int, timeout: float | None = None, **criteria: Unpack[Criteria]) -> list[Message]:
        """All mail for which all *criteria* hold, oldest first, as soon as there are *count* or more."""
        __tracebackhide__ = True
        return Question(self, "wait_all", wanted(criteria), self.since).several(count, timeout)

    def never(self, *, within: float = 0.2, **criteria: Unpack[Criteria]) -> None:
        """Fail if there is mail for which all *criteria* hold, or if any comes within so many seconds."""
        __tracebackhide__ = True
        Question(self, "never", wanted(criteria), self.since).none(within)

    def expect(self, *, timeout: float | None = None, **criteria: Unpack[Criteria]) -> Expecting:
        """For ``with``: the newest mail that comes inside the block or soon after, never one that was there before.

        What the block is given is that mail, as soon as the block has ended.
        """
        return Expecting(self, "expect", wanted(criteria), timeout)

    async def async_wait(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - its end is a failure of the test, in words of ours
        **criteria: Unpack[Criteria],
    ) -> Message:
        """What `wait` gives, for a coroutine under asyncio or trio."""
        __tracebackhide__ = True
        return (await Question(self, "async_wait", wanted(criteria), self.since).async_several(1, timeout))[-1]

    async def async_wait_all(
        self,
        *,
        count: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
        **criteria: Unpack[Criteria],
    ) -> list[Message]:
        """What `wait_all` gives, for a coroutine."""
        __tracebackhide__ = True
        return await Question(self, "async_wait_all", wanted(criteria), self.since).async_several(count, timeout)

    async def async_never(self, *, within: float = 0.2, **criteria: Unpack[Criteria]) -> None:
        """`never` for a coroutine."""
        __tracebackhide__ = True
        await Question(self, "async_never", wanted(criteria), self.since).async_none(within)

    def async_expect(self, *, timeout: float | None = None, **criteria: Unpack[Criteria]) -> Expecting:
        """`expect` for a coroutine: for ``async with``."""
        return Expecting(self, "async_expect", wanted(criteria), timeout)

    # -- the way in

    def smtp(self) -> Smtp:
        """The host and port to send to. Any user name and password will do, and none is needed."""
        host, port = self.server.address("smtp")
        return {"host": host, "port": port}

    def deliver(
        self,
        octets: bytes | Path | None = None,
        *,
        mail_from: str | None = None,
        rcpt_to: Iterable[str] | None = None,
        **fields: Unpack[delivering.Fields],
    ) -> Message:
        """Put a message in without SMTP: octets or a file as they are, or one composed of *fields*.

        Gives what was stored. Where the envelope is not given it is taken from the header.
        """
        return delivering.deliver(self, octets, mail_from, rcpt_to, fields)

    # -- the way out

    def imap(self, account: str = CATCHALL) -> AbstractContextManager[imaplib.IMAP4]:
        """For ``with``: the standard library's IMAP client, logged in to *account*; the catch-all has all mail."""
        return reading.imap(self, account)

    def pop3(self, account: str = CATCHALL) -> AbstractContextManager[poplib.POP3]:
        """For ``with``: the standard library's POP3 client, logged in to *account*; QUIT comes at the block's end."""
        return reading.pop3(self, account)

    def imap_settings(self, account: str = CATCHALL) -> reading.Reader:
        """Where an app reads *account* by IMAP: host, port, username and password. IMAP starts when first asked for."""
        return reading.settings(self, "imap", account)

    def pop3_settings(self, account: str = CATCHALL) -> reading.Reader:
        """The same for POP3."""
        return reading.settings(self, "pop3", account)

    @property
    def url(self) -> str:
        """The address of the inspector and the REST API. HTTP is started when this is first asked for."""
        self.server.listen("http")
        return self.server.url
