"""One run of pytest: its mail server, and what its tests are told of their mail."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mailtrap import options
from pytest_mailtrap.warned import MailWarning

if TYPE_CHECKING:
    from pytest_mailtrap.inbox import Inbox
    from pytest_mailtrap.server import Server

PATIENCE = 0.25
"""Seconds that the report of a failed test waits for the mail that it missed."""


class Run:
    """Made when pytest starts; has a server as soon as one is needed."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._server: Server | None = None
        self._test: pytest.Item | None = None
        """The last that began."""

    def set_environment(self) -> None:
        """Tell the app under test where its mail server is, if it takes that from variables."""
        if not options.has_environment(self._config):
            return
        server = self._start({})
        self._config.add_cleanup(server.stop)
        for name, value in options.environment(self._config, server).items():
            self._config.add_cleanup(_restored(name))
            os.environ[name] = value

    @contextmanager
    def serving(self, settings: Mapping[str, object]) -> Iterator[Server]:
        """The server, with these settings: until the end of the block, or of the run if it was there before."""
        if self._server is None:
            try:
                starting = self._start(settings)
            except pytest.UsageError as error:
                raise pytest.fail.Exception(str(error), pytrace=False) from None
            with starting as server:
                try:
                    yield server
                finally:
                    self.warn_of_strays()
                    self._server = None
        elif settings:
            pytest.fail(
                "mailtrap_env starts the mail server before any fixture, so mailtrap_settings comes too late: "
                "use one of them",
                pytrace=False,
            )
        else:
            yield self._server

    @contextmanager
    def opened(self, server: Server, demands: Mapping[str, Any]) -> Iterator[Inbox]:
        """An inbox of *server* with what the marks of a test ask for."""
        from mailtrap.errors import BadSettings

        __tracebackhide__ = True
        with ExitStack() as stack:
            try:
                inbox = stack.enter_context(server.inbox(**demands))
            except BadSettings as error:
                raise pytest.fail.Exception(f"the mark mailtrap: {error}", pytrace=False) from None
            yield inbox

    def check_faults(self, inbox: object) -> None:
        """Fail a test whose faults did not happen as often as it asked for."""
        for each in self._server.inboxes if self._server else ():
            if each is inbox:
                self._check(each)

    def _check(self, inbox: Inbox) -> None:
        from pytest_mailtrap.failure import FaultNotHit

        try:
            inbox.server.check_faults(inbox)
        except FaultNotHit as error:  # there is no line of the test that it was raised in
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    def forgive_faults(self) -> None:
        """A test failed, or was skipped: its faults may not have had their chance."""
        for inbox in self._server.inboxes if self._server else ():
            inbox.faults.forgiven = True

    def begin_test(self, item: pytest.Item) -> None:
        """*item* begins: what came since the last test is nobody's."""
        self.warn_of_strays()
        self._test = item

    def warn_of_strays(self) -> None:
        """Report mail that came when a test had ended as a warning of that test."""
        if self._server is None:
            return
        strays = self._server.begin_test()
        if strays and self._test is not None:
            from pytest_mailtrap.report import strays_text

            _warn_of(self._test, strays_text(self._server, strays))

    def look_again(self, error: BaseException) -> None:
        """Let a failure say so if the mail that it misses came late."""
        if self._server is not None:
            from pytest_mailtrap.failure import MailNotFound

            if isinstance(error, MailNotFound):
                with suppress(Exception):  # the test may have stopped the server
                    if note := error.look_again(PATIENCE):
                        error.add_note(note)

    def attach(self, report: pytest.TestReport) -> None:
        """Show the mail of a failed test in its report, and write it to files if that is asked for."""
        if self._server is not None and self._server.inboxes:
            from pytest_mailtrap import report as texts

            try:
                text = texts.section(self._server.inboxes[-1])
                if folder := options.artifacts(self._config):
                    text += "\n" + texts.written(self._server.inboxes[-1], folder, report.nodeid)
            except Exception as error:  # whatever it is, the test's own failure is what is to be seen
                text = f"cannot be read: {error!r}"
            report.sections.append((texts.TITLE, text))

    def _start(self, settings: Mapping[str, object]) -> Server:
        from mailtrap.errors import BadSettings, CannotListen
        from pytest_mailtrap.server import Server

        chosen = {"smtp": options.smtp_port(self._config), **settings}
        try:
            self._server = Server(
                timeout=options.timeout(self._config), strict_faults=options.strict_faults(self._config), **chosen
            ).start()
        except (BadSettings, CannotListen) as error:
            raise pytest.UsageError(f"the mail server cannot be started: {error}") from None
        return self._server


def _restored(name: str) -> Callable[[], None]:
    """What gives the variable *name* back the value that it has now."""
    before = os.environ.get(name)

    def restore() -> None:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before

    return restore


def _warn_of(test: pytest.Item, text: str) -> None:
    """Warn in the name of a test that has ended; filters hold, but it cannot fail any more."""
    file, line, _ = test.location
    warning, where = MailWarning(text), str(test.config.rootpath / file)
    with warnings.catch_warnings(record=True) as recorded:
        try:
            warnings.warn_explicit(warning, None, where, (line or 0) + 1)
        except MailWarning:
            recorded.append(warnings.WarningMessage(warning, MailWarning, where, (line or 0) + 1))
    for each in recorded:
        test.ihook.pytest_warning_recorded.call_historic(
            kwargs={"warning_message": each, "nodeid": test.nodeid, "when": "runtest", "location": None}
        )
