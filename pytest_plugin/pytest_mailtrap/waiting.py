"""Waiting for what is wanted, in a thread or in a coroutine, without asking twice."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mailtrap.message.captured import Message
from mailtrap.message.summary import Summary
from mailtrap.store.watch import Watch
from pytest_mailtrap.criteria import Wanted


class Waiting:
    """The mail that is *wanted* of that which *watch* sees: what is there, and what comes."""

    def __init__(self, watch: Watch, wanted: Wanted, message: Callable[[Summary], Message]) -> None:
        self._watch = watch
        self._wanted = wanted
        self._message = message
        self._looked_at: dict[int, Message | None] = {}

    @property
    def matched(self) -> list[Message]:
        """What is wanted and there, oldest first."""
        return [message for message in map(self._look_at, self._watch.matched) if message is not None]

    def wait(self, count: int, timeout: float) -> bool:
        """Wait until there are *count*; False after *timeout* seconds."""
        until = time.monotonic() + timeout
        while len(self.matched) < count:
            if not self._watch.wait(len(self._looked_at) + 1, until - time.monotonic()):
                return False
        return True

    async def async_wait(self, count: int, timeout: float) -> bool:  # noqa: ASYNC109 - what the test asked for
        """The same for a coroutine, under asyncio or trio."""
        if len(self.matched) >= count:
            return True
        return await (self._trio_wait if _trio_runs() else self._asyncio_wait)(count, timeout)

    async def _asyncio_wait(self, count: int, timeout: float) -> bool:  # noqa: ASYNC109
        import asyncio

        loop, more = asyncio.get_running_loop(), asyncio.Event()
        self._wake_by(lambda: loop.call_soon_threadsafe(more.set))
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while len(self.matched) < count:
                    await more.wait()
                    more.clear()
        return len(self.matched) >= count

    async def _trio_wait(self, count: int, timeout: float) -> bool:  # noqa: ASYNC109
        trio: Any = sys.modules["trio"]
        token, events = trio.lowlevel.current_trio_token(), [trio.Event()]
        self._wake_by(lambda: token.run_sync_soon(lambda: events[0].set()))
        with trio.move_on_after(timeout):
            while len(self.matched) < count:
                await events[0].wait()
                events[0] = trio.Event()  # one that was set stays set
        return len(self.matched) >= count

    def _wake_by(self, wake: Callable[[], object]) -> None:
        def waker() -> None:
            with suppress(RuntimeError):  # the loop was closed while the news was on its way
                wake()

        self._watch.add_waker(waker)

    def _look_at(self, summary: Summary) -> Message | None:
        if summary.number not in self._looked_at:
            message = self._message(summary)
            self._looked_at[summary.number] = message if self._wanted.holds(message) else None
        return self._looked_at[summary.number]


def in_coroutine() -> bool:
    """Whether a coroutine runs in this thread, so that to block would stop others.

    A running loop alone does not say so: playwright's synchronous API leaves one running beneath the test.
    """
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        with suppress(RuntimeError):
            if asyncio.current_task() is not None:
                return True
    return _trio_runs()


def _trio_runs() -> bool:
    trio = sys.modules.get("trio")
    if trio is not None:
        with suppress(RuntimeError):
            trio.lowlevel.current_trio_token()
            return True
    return False
