"""Faults of a clock that nobody else has."""

from __future__ import annotations

import pytest

from mailtrap.clock import Clock
from mailtrap.faults import Faults


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults(clock: Clock) -> Faults:
    return Faults(clock)
