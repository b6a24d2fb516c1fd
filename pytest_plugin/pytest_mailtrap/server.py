"""The sandbox of a test run, and whose mail is whose: that of the project that is current at MAIL FROM."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from mailtrap.bus import Added, Event
from mailtrap.message.captured import Message
from mailtrap.message.summary import Summary
from mailtrap.sandbox import Sandbox
from pytest_mailtrap.access import Access, Tls, arranged
from pytest_mailtrap.failure import FaultNotHit, not_hit
from pytest_mailtrap.inbox import Inbox
from pytest_mailtrap.warned import MailWarning

if TYPE_CHECKING:
    from ssl import SSLContext

TIMEOUT = 5.0
"""Seconds that an inbox waits, unless somebody says otherwise."""

PATIENCE = 0.25
"""Seconds that the end of an inbox waits for transactions under way."""

LAST_WORDS = 5
"""Lines of a session that is not over."""

BETWEEN = "between tests"
"""The project of mail that comes after an inbox was closed and before the next test begins."""


class Server(Sandbox):
    """A sandbox that opens inboxes: in a fixture of any scope, or without pytest.

    >>> with Server() as server, server.inbox() as inbox:
    ...     inbox.deliver(subject="hi", to="ann@example.com").subject
    'hi'
    """

    def __init__(self, *, timeout: float = TIMEOUT, strict_faults: bool = True, **options: object) -> None:
        """*timeout*: what its inboxes wait. The *options* are those of `mailtrap.settings.Settings`.

        *strict_faults*: a fault that is hit fewer times than a test asked for fails it.
        """
        super().__init__(**options)
        self.timeout = timeout
        self.strict_faults = strict_faults
        self.inboxes: list[Inbox] = []
        """Those that are open, the widest first."""
        self._strays: list[Summary] = []
        self._closed_at = 0
        """The mod-sequence at which the last inbox was closed."""

    @contextmanager
    def inbox(
        self,
        *,
        timeout: float | None = None,
        auth: Mapping[str, str] | None = None,
        tls: Tls | None = None,
        profile: str | None = None,
        size_limit: int | str | None = None,
    ) -> Iterator[Inbox]:
        """A world of its own while the block lasts: mail whose MAIL FROM comes meanwhile is in it, and nothing else.

        Opened inside another one, it shares that one's world, and shows what comes from now on. With *auth*, *tls*,
        *profile* and *size_limit* the SMTP server is so to its clients, and to no others.
        """
        __tracebackhide__ = True
        if self.forked:
            raise RuntimeError("this process was forked from the one that the mail server runs in: open inboxes there")
        outer = self.inboxes[-1] if self.inboxes else None
        access = Access(auth, tls, profile, size_limit)
        inbox = Inbox(self, outer, self.timeout if timeout is None else timeout, self._closed_at, access)
        with arranged(self, inbox.project, access):
            self.inboxes.append(inbox)
            self.current.project = inbox.project
            try:
                yield inbox
                self.check_faults(inbox)
            finally:
                self._close(inbox)

    def check_faults(self, inbox: Inbox) -> None:
        """Raise `FaultNotHit` for faults of *inbox* that did not happen as often as asked for; once."""
        __tracebackhide__ = True
        faults = inbox.faults
        missed, unsaid = faults.missed(), faults.unsaid()
        if missed or unsaid:
            faults.forgiven = True
            raise FaultNotHit(not_hit(missed, unsaid, inbox.record()))

    @cached_property
    def ca_file(self) -> Path:
        """The certificate that clients must trust, in a file that goes with the server."""
        folder = Path(mkdtemp(prefix="mailtrap-"))
        folder.joinpath("ca.pem").write_bytes(self.tls.ca_pem())
        return folder / "ca.pem"

    @property
    def trusted(self) -> Path:
        """The file with what a client trusts: the CA, or the certificate that the server was given."""
        return self.settings.cert_file or self.ca_file

    def client_context(self) -> SSLContext:
        """What a client needs to trust the server, and to check its name."""
        import ssl

        return ssl.create_default_context(cafile=str(self.trusted))

    @property
    def forked(self) -> bool:
        """Whether this is a child of the process that serves; there is nobody in it who could answer."""
        return os.getpid() != self._process

    @property
    def no_inbox(self) -> tuple[int, int]:
        """The projects of mail that comes while no inbox is open: in a test that asks for none, and between tests."""
        return self._default, self._between

    def begin_test(self) -> list[Message]:
        """A test begins; what it sends without an inbox is its own affair. Gives what came since the last inbox."""
        if not self.inboxes:
            self.current.project = self._default
        strays, self._strays = self._strays, []
        return [self.message(each) for each in strays]

    def _close(self, inbox: Inbox) -> None:
        __tracebackhide__ = True
        inbox.faults.clear()
        self.inboxes.remove(inbox)
        self.current.project = self.inboxes[-1].project if self.inboxes else self._between
        self._closed_at = self.store.cursor()
        if not self.current.wait_idle(inbox.project, PATIENCE):
            said = [f"  {line}" for line in inbox.transcript.splitlines()[-LAST_WORDS:]]
            text = "a client was still sending when this inbox was closed; the last that was said:"
            warnings.warn(MailWarning("\n".join([text, *said])), stacklevel=2)

    def _start(self, undo: ExitStack) -> None:
        super()._start(undo)
        undo.callback(self._forget_ca)
        self._default = self.current.project
        self._between = self.store.project(BETWEEN).id
        self.bus.subscribe(self._note_stray)

    def _forget_ca(self) -> None:
        if file := self.__dict__.pop("ca_file", None):
            rmtree(file.parent, ignore_errors=True)

    def _note_stray(self, event: Event) -> None:
        if isinstance(event, Added) and event.project == self._between:
            self._strays.append(event.summary)
