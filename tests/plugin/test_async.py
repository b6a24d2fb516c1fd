"""Waiting in coroutines, under asyncio and trio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import trio

from pytest_mailtrap import Inbox, MailNotFound, Server, UnexpectedMail

Send = Callable[..., None]
Runner = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


@pytest.fixture(params=["asyncio", "trio"])
def execute(request: pytest.FixtureRequest) -> Runner:
    """Run a coroutine function in an event loop."""
    if request.param == "trio":
        return trio.run
    return lambda main: asyncio.run(main())


def test_a_blocking_wait_in_a_coroutine_says_what_to_use(box: Inbox, execute: Runner) -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"use await inbox\.async_wait\(…\)"):
            box.wait(timeout=1)
        with pytest.raises(RuntimeError, match=r"use await inbox\.async_wait_all\(…\)"):
            box.wait_all(count=1, timeout=1)
        with pytest.raises(RuntimeError, match=r"use await inbox\.async_never\(…\)"):
            box.never(within=1)
        with pytest.raises(RuntimeError, match=r"use async with inbox\.async_expect\(…\)"), box.expect(timeout=1):
            pass

    execute(main)


def test_what_need_not_wait_is_answered_at_once(box: Inbox, send: Send, execute: Runner) -> None:
    async def main() -> None:
        send("first")
        assert box.wait(timeout=600).subject == "first"
        with pytest.raises(UnexpectedMail):
            box.never(within=600)
        box.never(within=0, subject="second")
        with pytest.raises(MailNotFound):
            box.wait(timeout=0, subject="second")

    execute(main)


def test_a_coroutine_waits(server: Server, send: Send, execute: Runner) -> None:
    async def main() -> None:
        sending = threading.Thread(target=lambda: [send("first"), send("second"), send("third")])
        sending.start()
        assert (await box.async_wait(subject=lambda text: text == "second")).subject == "second"
        assert len(await box.async_wait_all(count=3)) == 3
        sending.join()

    with server.inbox(timeout=20) as box:
        execute(main)


def test_a_coroutine_that_waits_in_vain_fails(box: Inbox, send: Send, execute: Runner) -> None:
    async def main() -> None:
        send("first")
        with pytest.raises(MailNotFound, match=r"^only 1 of 2 mails within 0.01 s"):
            await box.async_wait_all(count=2, timeout=0.01)
        with pytest.raises(UnexpectedMail):
            await box.async_never(within=600)
        await box.async_never(within=0.01, subject="second")

    execute(main)


def test_a_coroutine_expects_what_comes_inside_its_block(server: Server, send: Send, execute: Runner) -> None:
    async def main() -> None:
        send("code 1")
        async with box.async_expect(subject="code", timeout=20) as mail:
            sending = threading.Thread(target=send, args=["code 2"])
            sending.start()
        sending.join()
        assert mail.subject == "code 2"
        with pytest.raises(ZeroDivisionError):
            async with box.async_expect(timeout=600):
                _ = 1 / 0

    with server.inbox() as box:
        execute(main)


def test_others_run_while_a_coroutine_waits(server: Server, send: Send) -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(box.async_wait(timeout=20))
            tasks.create_task(asyncio.to_thread(send, "from a thread"))
        assert (await waiting).subject == "from a thread"

    with server.inbox() as box:
        asyncio.run(main())


def test_a_loop_that_merely_runs_beneath_the_test_does_not_forbid_to_wait(box: Inbox, send: Send) -> None:
    """Playwright's synchronous API leaves one running beneath the test, which goes on in a callback of it."""

    async def main() -> None:
        done = asyncio.get_running_loop().create_future()

        def test() -> None:
            sending = threading.Thread(target=send)
            sending.start()
            done.set_result(box.wait(timeout=20).subject)
            sending.join()

        asyncio.get_running_loop().call_soon(test)
        assert await done == "Welcome"

    asyncio.run(main())
