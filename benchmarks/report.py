"""What a benchmark gives: rows of figures, with the goals that are set for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

OURS = "sandbox"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done: rounds, and how many messages."""

    quick: bool = False
    large: bool = False

    def of(self, usual: int, quick: int, large: int | None = None) -> int:
        """*usual*, or what is said for less or more."""
        if self.quick:
            return quick
        return large if self.large and large is not None else usual


class Goal(Protocol):
    """What ours is to reach."""

    def met(self, row: Row) -> bool | None:
        """Whether it is; none where that cannot be told."""


@dataclass(frozen=True, slots=True)
class AtMost:
    """An absolute figure."""

    limit: float

    def met(self, row: Row) -> bool:
        return row.ours <= self.limit

    def __str__(self) -> str:
        return f"≤ {self.limit:g}"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """An absolute figure, where more is better."""

    limit: float

    def met(self, row: Row) -> bool:
        return row.ours >= self.limit

    def __str__(self) -> str:
        return f"≥ {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Times:
    """So many times less than a peer; below 1, so many times as much is allowed."""

    factor: float
    peer: str

    def met(self, row: Row) -> bool | None:
        theirs = row.figures.get(self.peer)
        return None if theirs is None else theirs >= self.factor * row.ours

    def __str__(self) -> str:
        if self.factor < 1:
            return f"≤ {1 / self.factor:g} × {self.peer}"
        return f"≥ {self.factor:g} × less than {self.peer}"


@dataclass(frozen=True, slots=True)
class Flat:
    """No more when ten times as many are stored: the noise of a busy machine is allowed."""

    noise: float = 2.0

    def met(self, row: Row) -> bool:
        return row.growth <= self.noise

    def __str__(self) -> str:
        return "flat"


@dataclass(frozen=True, slots=True)
class Row:
    """One work, and what it took each: by server, ours first; or by how many messages are stored (*by_size*)."""

    table: str
    work: str
    figures: Mapping[str, float]
    unit: str = "ms"
    goals: tuple[Goal, ...] = field(default=())
    by_size: bool = False

    @property
    def ours(self) -> float:
        """The figure that counts."""
        return list(self.figures.values())[-1] if self.by_size else self.figures[OURS]

    @property
    def growth(self) -> float:
        """The last by the one before: with a thousand stored, many a page is not full yet."""
        *_, before, last = (1.0, 1.0) if len(self.figures) < 2 else self.figures.values()
        return last / before if before else 1.0

    def ratio(self, peer: str) -> float | None:
        """How many times as much a peer takes."""
        return self.figures[peer] / self.ours if peer in self.figures and self.ours else None

    @property
    def met(self) -> bool | None:
        """Whether every goal is; none where there is none, or a peer that it speaks of is not there."""
        verdicts = [goal.met(self) for goal in self.goals]
        if not verdicts or None in verdicts:
            return None
        return all(verdicts)

    def __str__(self) -> str:
        """A line for the terminal."""
        cells = [self._cell(name) for name in self.figures]
        if self.by_size:
            cells.append(f"growth {self.growth:.2f}x")
        if self.goals:
            cells.append(f"goal {' and '.join(map(str, self.goals))}: {VERDICT[self.met]}")
        return f"  {self.work} [{self.unit}]: " + " | ".join(cells)

    def _cell(self, name: str) -> str:
        ratio = None if self.by_size or name == OURS else self.ratio(name)
        return f"{name} {number(self.figures[name])}" + ("" if ratio is None else f" ({ratio:.2f}x)")


VERDICT = {True: "met", False: "**missed**", None: "?"}


def number(value: float) -> str:
    """With as many digits as mean something."""
    if value == 0:
        return "0"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"
