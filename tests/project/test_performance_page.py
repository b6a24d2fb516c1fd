"""The page of figures has a place for everything that is measured; what the figures say is nobody's test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACE = re.compile(r"<!-- measured: (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def tables() -> set[str]:
    sources = [file.read_text("utf-8") for file in (ROOT / "benchmarks").glob("*.py")]
    return {name for source in sources for name in re.findall(r'(?:\bRow|\.rows)\(\s*"(\w+)"', source)}


@pytest.mark.parametrize("name", sorted(tables() | {"run", "missed"}))
def test_every_table_of_the_benchmarks_has_its_place(name: str) -> None:
    assert PLACE.findall((ROOT / "docs" / "performance.md").read_text("utf-8")).count(name) == 1


@pytest.mark.parametrize("name", PLACE.findall((ROOT / "docs" / "performance.md").read_text("utf-8")))
def test_every_place_has_a_benchmark_that_fills_it(name: str) -> None:
    assert name in tables() | {"run", "missed"}
