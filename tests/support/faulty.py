"""A clock whose pauses a test takes one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from conversations import PATIENCE

from mailtrap.clock import Clock, Job


class Watched(Clock):
    """A clock that tells when somebody begins to wait."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: SimpleQueue[float] = SimpleQueue()

    def after(self, seconds: float, job: Job) -> Callable[[], None]:
        cancel = super().after(seconds, job)
        self._asked.put(seconds)
        return cancel

    def pause(self) -> float:
        """How long the next one waits that begins to, or began to."""
        return self._asked.get(timeout=PATIENCE)

    def pass_pause(self) -> float:
        """The same, and then that time has passed."""
        seconds = self.pause()
        self.advance(seconds)
        return seconds

    def pass_pauses(self, until: Callable[[], bool]) -> list[float]:
        """Let one pause after the other pass until something is so."""
        passed: list[float] = []

        def passes() -> bool:
            with suppress(Empty):
                seconds = self._asked.get(timeout=0.01)
                self.advance(seconds)
                passed.append(seconds)
            return until()

        until_so(passes)
        return passed


def until_so(is_so: Callable[[], bool]) -> None:
    """Look again and again, where nothing tells when something is so."""
    last = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < last, "it never was so"
