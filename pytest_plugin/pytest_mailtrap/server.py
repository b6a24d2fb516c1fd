"""The sandbox of a test run, and whose mail is whose: that of the project that is current at MAIL FROM."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from mailtrap.bus import Added, Event
from mailtrap.message.captured import Message
from mailtrap.message.summary import Summary
from mailtrap.sandbox import Sandbox
from pytest_mailtrap.inbox import Inbox
from pytest_mailtrap.warned import MailWarning

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

    def __init__(self, *, timeout: float = TIMEOUT, **options: object) -> None:
        """*timeout*: what its inboxes wait. The *options* are those of `mailtrap.settings.Settings`."""
        super().__init__(**options)
        self.timeout = timeout
        self.inboxes: list[Inbox] = []
        """Those that are open, the widest first."""
        self._strays: list[Summary] = []
        self._closed_at = 0
        """The mod-sequence at which the last inbox was closed."""

    @contextmanager
    def inbox(self, *, timeout: float | None = None) -> Iterator[Inbox]:
        """A world of its own while the block lasts: mail whose MAIL FROM comes meanwhile is in it, and nothing else.

        Opened inside another one, it shares that one's world, and shows what comes from now on.
        """
        __tracebackhide__ = True
        if self.forked:
            raise RuntimeError("this process was forked from the one that the mail server runs in: open inboxes there")
        outer = self.inboxes[-1] if self.inboxes else None
        inbox = Inbox(self, outer, self.timeout if timeout is None else timeout, self._closed_at)
        self.inboxes.append(inbox)
        self.current.project = inbox.project
        try:
            yield inbox
        finally:
            self._close(inbox)

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
        self.inboxes.remove(inbox)
        self.current.project = self.inboxes[-1].project if self.inboxes else self._between
        self._closed_at = self.store.cursor()
        if not self.current.wait_idle(inbox.project, PATIENCE):
            said = [f"  {line}" for line in inbox.transcript.splitlines()[-LAST_WORDS:]]
            text = "a client was still sending when this inbox was closed; the last that was said:"
            warnings.warn(MailWarning("\n".join([text, *said])), stacklevel=2)

    def _start(self, undo: ExitStack) -> None:
        super()._start(undo)
        self._default = self.current.project
        self._between = self.store.project(BETWEEN).id
        self.bus.subscribe(self._note_stray)

    def _note_stray(self, event: Event) -> None:
        if isinstance(event, Added) and event.project == self._between:
            self._strays.append(event.summary)
