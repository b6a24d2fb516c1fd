"""The event loops that sandboxes may run in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

LOOPS = ["asyncio", *(["uvloop"] if find_spec("uvloop") else [])]
"""CI runs tests with uvloop, and without."""


@contextmanager
def loops_are(name: str) -> Iterator[None]:
    """Every loop that is started in the block is one of these."""
    with pytest.MonkeyPatch.context() as patch:
        if name == "asyncio":
            patch.setattr("mailtrap.loop._event_loop_factory", lambda: asyncio.new_event_loop)
        yield
