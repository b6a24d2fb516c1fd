"""The time of a test: real, and whatever it moves it ahead by."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pytest_mailtrap.span import span

if TYPE_CHECKING:
    from mailtrap.clock import Clock as Engine


class Clock:
    """The clock of the sandbox: delays, greylisting, rates, late bounces and expiry go by it, and no app does.

    There is one for the whole run, and it never goes back.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __repr__(self) -> str:
        return f"<Clock: {self.now.isoformat(sep=' ', timespec='seconds')}>"

    @property
    def now(self) -> datetime:
        """The time by this clock, in UTC."""
        return self._engine.time()

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move it ahead. What became due is done when this returns: bounces are filed, what is too old is gone."""
        __tracebackhide__ = True
        self._engine.advance(span(days, hours, minutes, seconds))
