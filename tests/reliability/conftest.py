"""The program as a process, whose disk, descriptors and clock a test can take away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from process import Start, starter


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("interop")


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a ``mailtrap`` and wait until it is ready; all are stopped at the end of the test."""
    yield from starter()
