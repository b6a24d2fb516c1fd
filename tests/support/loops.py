"""The event loops that sandboxes may run in."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

LOOPS = ["asyncio", *(["uvloop"] if find_spec("uvloop") else [])]
"""CI runs tests with uvloop, and without."""


@contextmanager
def loops_are(name: str) -> Iterator[None]:
    """Every loop that is started in the block is one of these."""
    with pytest.MonkeyPatch.context() as patch:
        if name == "asyncio":
            patch.setattr("mailtrap.loop._event_loop_factory", lambda: asyncio.new_event_loop)
        yield


def run_and_hang_up(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, and then what a client library has left open is closed, as where TLS waits for a farewell."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            return runner.run(main)
        finally:
            runner.run(_hang_up())


async def _hang_up() -> None:
    loop: Any = asyncio.get_running_loop()
    for transport in list(loop._transports.values()):
        transport.abort()
