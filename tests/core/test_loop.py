"""The event loop in its thread: used from others, and left without a trace."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from mailtrap.loop import Loop, settled


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    loop.start()
    yield loop
    loop.stop()


async def thread() -> int:
    return threading.get_ident()


async def for_ever(began: threading.Event, ended: threading.Event) -> None:
    began.set()
    try:
        await asyncio.Event().wait()
    finally:
        ended.set()


def test_what_is_not_running_says_so() -> None:
    loop = Loop()

    with pytest.raises(RuntimeError, match="does not run"):
        loop.run(thread())
    with pytest.raises(RuntimeError, match="does not run"):
        loop.call(lambda: None)
    loop.stop()


def test_what_runs_in_the_loop_runs_in_its_thread(loop: Loop) -> None:
    assert loop.run(thread()) != threading.get_ident()


def test_an_error_comes_back(loop: Loop) -> None:
    async def fail() -> None:
        raise LookupError("not here")

    with pytest.raises(LookupError, match="not here"):
        loop.run(fail())


def test_what_takes_too_long_is_cancelled(loop: Loop) -> None:
    began, ended = threading.Event(), threading.Event()
    with pytest.raises(TimeoutError):
        loop.run(for_ever(began, ended), timeout=0.01)

    assert ended.wait(20)


def test_stopping_cancels_what_still_runs_and_waits_for_it(loop: Loop) -> None:
    began, ended = threading.Event(), threading.Event()
    loop.call(lambda: asyncio.ensure_future(for_ever(began, ended)))
    assert began.wait(20)
    loop.stop()

    assert ended.is_set()
    loop.stop()


def test_it_can_be_started_again(loop: Loop) -> None:
    loop.stop()
    loop.start()

    assert loop.run(thread())


def test_calls_are_made_in_their_order(loop: Loop) -> None:
    seen: list[int] = []
    for number in range(10):
        loop.call(lambda number=number: seen.append(number))
    loop.run(thread())

    assert seen == list(range(10))


@pytest.mark.parametrize("where", ["before", "in the loop", "in another thread"])
def test_a_future_is_settled_wherever_it_is_resolved(loop: Loop, where: str) -> None:
    future: Future[int] = Future()

    async def wait() -> int:
        if where == "before":
            future.set_result(42)
        elif where == "in the loop":
            asyncio.get_running_loop().call_soon(future.set_result, 42)
        else:
            threading.Thread(target=future.set_result, args=(42,)).start()
        return await settled(future)

    assert loop.run(wait(), timeout=20) == 42


def test_an_unsettled_error_comes_back(loop: Loop) -> None:
    future: Future[int] = Future()
    future.set_exception(LookupError("lost"))

    with pytest.raises(LookupError, match="lost"):
        loop.run(settled(future))


def test_giving_up_the_wait_does_not_cancel_the_work(loop: Loop) -> None:
    future: Future[int] = Future()
    with pytest.raises(TimeoutError):
        loop.run(settled(future), timeout=0.01)
    future.set_result(42)

    assert loop.run(settled(future)) == 42
