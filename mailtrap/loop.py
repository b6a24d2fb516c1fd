"""The one asyncio thread, and how synchronous code talks to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from mailtrap.clock import Clock

T = TypeVar("T")


class Loop:
    """An event loop in a thread of its own; all of it may be used from any other thread.

    >>> async def answer() -> int:
    ...     return 42
    >>> loop = Loop()
    >>> loop.start()
    >>> loop.run(answer())
    42
    >>> loop.stop()
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event

    def start(self) -> None:
        """Run from now on; returns as soon as it does."""
        started: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._serve, args=(started,), name="mailtrap-loop", daemon=True)
        self._thread.start()
        self._loop = started.result()

    def stop(self) -> None:
        """Cancel whatever still runs, wait for it, and close; does nothing if it does not run."""
        with self._lock:  # nothing can be handed in between this and the end
            loop, self._loop = self._loop, None
            if loop is not None:
                loop.call_soon_threadsafe(self._stopping.set)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def call(self, function: Callable[[], object]) -> None:
        """Call *function* in the loop's thread, soon, after all that was handed in before."""
        with self._lock:
            self._running().call_soon_threadsafe(function)

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """What *coroutine* gives, run in the loop; cancelled after *timeout* seconds, with a `TimeoutError`."""
        try:
            with self._lock:
                future = asyncio.run_coroutine_threadsafe(coroutine, self._running())
        except RuntimeError:
            coroutine.close()
            raise
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the loop does not run")
        return self._loop

    def _serve(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        with asyncio.Runner(loop_factory=_event_loop_factory()) as runner:
            runner.run(self._until_stopped(started))

    async def _until_stopped(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        self._stopping = asyncio.Event()
        started.set_result(asyncio.get_running_loop())
        await self._stopping.wait()


async def settled(future: Future[T]) -> T:
    """What *future* gives, awaited; to be cancelled meanwhile does not cancel the work behind it.

    Much cheaper than `asyncio.wrap_future` where the future is resolved in the loop's own thread,
    as the store's are; from another thread it works as well.
    """
    if not future.done():
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        here = threading.get_ident()

        def resolved(_: Future[T]) -> None:
            if threading.get_ident() == here:
                done(waiter)
            else:
                loop.call_soon_threadsafe(done, waiter)

        future.add_done_callback(resolved)
        await waiter
    return future.result()


def done(waiter: asyncio.Future[None]) -> None:
    """Let whoever waits for *waiter* go on, if nobody has yet."""
    if not waiter.done():
        waiter.set_result(None)


def done_after(seconds: float, clock: Clock, waiter: asyncio.Future[None]) -> Callable[[], None]:
    """Let *waiter* be `done` in *seconds* by the *clock*; gives the function that cancels that."""
    loop = waiter.get_loop()

    def due() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(done, waiter)

    return clock.after(seconds, due)


def _event_loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
