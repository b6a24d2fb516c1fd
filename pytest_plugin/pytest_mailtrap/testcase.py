"""An inbox for `unittest.TestCase`, under pytest or without it."""

from __future__ import annotations

import atexit
import sys
import unittest
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_mailtrap.inbox import Inbox
    from pytest_mailtrap.server import Server

    Base = unittest.TestCase
else:
    Base = object


class MailtrapMixin(Base):
    """Gives each test ``self.inbox``: ``class TestShop(MailtrapMixin, unittest.TestCase)``.

    Under pytest that is the fixture `inbox`. Elsewhere a server is started for the first test, and goes with
    the process.
    """

    inbox: Inbox

    if "pytest" in sys.modules:  # unittest does not need it
        import pytest

        @pytest.fixture(autouse=True)
        def _mailtrap_inbox(self, inbox: Inbox) -> Iterator[None]:
            self.inbox = inbox
            yield
            del self.inbox

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test, with an inbox."""
        if hasattr(self, "inbox"):
            return super().run(result)
        from pytest_mailtrap.django_settings import pointed_at

        with _server().inbox() as self.inbox, pointed_at(self.inbox):
            self.addCleanup(self._check_faults, result, _troubles(result))
            try:
                return super().run(result)
            finally:
                self.inbox.faults.forgiven = True  # what was to be said of them was said in the result
                del self.inbox

    def _check_faults(self, result: unittest.TestResult | None, troubles: int) -> None:
        """As the last of the clean-up, where a failure is one of the test; *troubles* are those of others."""
        if _troubles(result) == troubles:
            self.inbox.server.check_faults(self.inbox)


def _troubles(result: unittest.TestResult | None) -> int:
    """How many tests, and parts of one, did not pass."""
    if result is None:
        return 0
    return sum(map(len, (result.failures, result.errors, result.skipped, result.expectedFailures)))


@cache
def _server() -> Server:
    from pytest_mailtrap.server import Server

    server = Server().start()
    atexit.register(server.stop)
    return server
