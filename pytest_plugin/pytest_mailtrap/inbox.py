"""The inbox of a test: what came, waiting for what is to come, and handing in what is to be read."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack, cast

from mailtrap.accounts import CATCHALL
from mailtrap.message.captured import Message
from mailtrap.store.records import Refusal
from pytest_mailtrap import delivering, reading
from pytest_mailtrap.access import NO_DEMANDS, Access, settings
from pytest_mailtrap.arrived import Arrived, Bounces
from pytest_mailtrap.causes import Causes
from pytest_mailtrap.clock import Clock
from pytest_mailtrap.conversation import conversations
from pytest_mailtrap.faulting import Faults
from pytest_mailtrap.record import Record

if TYPE_CHECKING:
    import imaplib
    import poplib

    from pytest_mailtrap.server import Server

PAGE = 200


class Smtp(TypedDict):
    """Where to send mail: ``smtplib.SMTP(**inbox.smtp())`` takes it as it is.

    Where a mark asks for it, there are also ``username`` and ``password``, and ``ca_file`` and ``context`` for TLS.
    """

    host: str
    port: int


class Inbox(Arrived):
    """A world of its own: whatever is sent while it is open, to anyone, is here, and nothing else is.

    Criteria are those of `Criteria`; without any, every mail will do. What came by SMTP or by `deliver` counts;
    what was imported does not, unless ``q=`` names that origin.
    """

    def __init__(
        self, server: Server, outer: Inbox | None, timeout: float, gap: int, demands: Access = NO_DEMANDS
    ) -> None:
        """Made by `Server.inbox`. Inside an *outer* one it is what comes to that one from now on."""
        self.server = server
        self.access: Access = outer.access if outer and demands == NO_DEMANDS else demands
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

    @property
    def inbox(self) -> Inbox:
        """This one."""
        return self

    # -- what goes wrong, and when

    @cached_property
    def faults(self) -> Faults:
        """What is to go wrong with mail for this inbox: ``inbox.faults.rcpt("bob@x.test").reject(550)``."""
        return Faults(self.server.faults, self.project, strict=self.server.strict_faults)

    @cached_property
    def clock(self) -> Clock:
        """The time that delays, greylisting and late bounces go by: ``inbox.clock.advance(minutes=5)``."""
        return Clock(self.server.clock)

    @cached_property
    def bounces(self) -> Bounces:
        """Reports of mail that could not be delivered; they are no mail of `messages`, `one` or `wait`."""
        return Bounces(self)

    # -- what happened besides

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
        return Record(self.messages, refusals, Causes(self))

    # -- the way in

    def smtp(self) -> Smtp:
        """The host and port to send to. Any user name and password will do, and none is needed.

        With a mark for it, also a user name and its password, and for TLS the sandbox's CA, in a file and a context.
        """
        return cast(Smtp, settings(self))

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
