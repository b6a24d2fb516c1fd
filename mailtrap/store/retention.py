"""The oldest messages go when there are too many, too much of them, or when they are too old; never what is pinned."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from sqlite3 import Connection
from typing import NamedTuple

from mailtrap.errors import NotFound
from mailtrap.store import deletion
from mailtrap.store.ages import Ages
from mailtrap.store.batch import Batch
from mailtrap.store.books import Books
from mailtrap.store.rows import ProjectRow

_SLICE = 0.0025
"""Seconds."""

_MESSAGES = 20
"""So many messages are looked at, and deleted, at a time."""

_OCTETS = 1 << 17
"""About as much as that."""

_PRECISION = 50
"""In so many parts of the shortest age that is kept it is looked what is too old."""

_SHORTEST, _LONGEST = 0.1, 60.0
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept in a project, besides what is pinned; None is without limit."""

    messages: int | None = None
    octets: int | None = None
    age: float | None = None
    """Seconds that a message is kept, by the store's clock."""

    def __bool__(self) -> bool:
        return not (self.messages is self.octets is self.age is None)


NO_LIMITS = Limits()


class _Excess(NamedTuple):
    """So many, so many octets, and all up to a number."""

    messages: int
    octets: int
    number: int

    @property
    def is_there(self) -> bool:
        return self.messages > 0 or self.octets > 0

    def beyond(self, limits: Limits) -> bool:
        """More than a hundredth of what is kept, or than what is deleted at a time."""
        return any(
            limit is not None and excess > min(limit >> 7, together)
            for limit, excess, together in (
                (limits.messages, self.messages, _MESSAGES - 1),
                (limits.octets, self.octets, _OCTETS),
            )
        )


class Retention:
    """A chore of the writer: due when a project has too much, and urgent when it is worth a transaction."""

    def __init__(self, db: Connection, books: Books, limits: Limits, ages: Ages) -> None:
        """*limits* are those of projects that have none of their own."""
        self._books = books
        self._ages = ages
        self._default = limits
        found = db.execute("SELECT id, keep FROM project").fetchall()
        self._own = {project: _limits(text) for project, text in found if text}
        self._horizon: dict[int, int] = {}
        """Up to this number the messages of a project are too old."""
        self._after: dict[int, int] = {}
        """Up to this number no message of a project may expire."""
        self._over = {project for project, _ in found if self.limits(project)}
        self._brought = 0
        """So many have come since the last slice."""
        self._is_much = False
        self._before: tuple[dict[int, int], set[int]] | None = None
        """How it was before a slice that is not committed yet."""

    def limits(self, project: int) -> Limits:
        """What is kept in a project."""
        return self._own.get(project, self._default)

    def limit(self, batch: Batch, project: int, limits: Limits | None) -> None:
        """A job: give a project limits of its own, or none."""
        row = batch.books.project(project)
        text = None if limits is None else json.dumps([limits.messages, limits.octets, limits.age])
        batch.db.execute("UPDATE project SET keep = ? WHERE id = ?", (text, row.id))
        batch.afterwards.append(lambda: self._limited(project, limits))

    def _limited(self, project: int, limits: Limits | None) -> None:
        self._own.pop(project, None)
        if limits is not None:
            self._own[project] = limits
        self._horizon.pop(project, None)
        self._over.add(project)

    @property
    def shortest_age(self) -> float | None:
        """The shortest age that any project keeps messages for."""
        ages = [each.age for each in (self._default, *self._own.values()) if each.age is not None]
        return min(ages, default=None)

    # -- what the writer tells

    def added(self, project: int) -> None:
        """A message was stored in a project."""
        self._check(project)
        self._brought += 1

    def changed(self, project: int, number: int) -> None:
        """The pin of a message may have been taken away; it is the oldest of those of which that is so."""
        if self._after.get(project, 0) >= number:
            self._after[project] = number - 1
        self._check(project)

    def _check(self, project: int) -> None:
        if not self._own and not self._default:
            return
        row = self._books.seen(project)
        excess = _Excess(1, 1, 0) if row is None else self._excess(row)
        if excess.is_there or self._horizon.get(project, 0) > self._after.get(project, 0):
            self._over.add(project)
        self._is_much = self._is_much or excess.beyond(self.limits(project))

    def look(self, batch: Batch) -> None:
        """A job: see what is too old by now."""
        self._ages.mark(batch.db, batch.books.number)
        ages = [self._default.age or 0.0]
        for [project] in batch.db.execute("SELECT id FROM project").fetchall():
            age = self.limits(project).age
            if age is not None:
                ages.append(age)
                horizon = self._ages.horizon(batch.db, age)
                if horizon > self._horizon.get(project, 0):
                    self._horizon[project] = horizon
                    self._over.add(project)
        self._ages.forget(batch.db, max(ages))

    def advance(self, batch: Batch, seconds: float) -> None:
        """A job: move the clock ahead. What is here already is older then, so it is noted first."""
        self.look(batch)
        batch.afterwards.append(lambda: self._ages.advance(seconds))

    def expire_old(self, batch: Batch) -> bool:
        """A job: let what is too old go for a while; whether there may be more."""
        self(batch)
        return any(self._horizon.get(project, 0) > self._after.get(project, 0) for project in self._over)

    # -- what the writer does

    @property
    def due(self) -> bool:
        """Some project may have too much."""
        return bool(self._over or self._before)

    @property
    def urgent(self) -> bool:
        """It has too much by so many that letting them go together saves no more."""
        return self.due and self._is_much

    def __call__(self, batch: Batch) -> None:
        """Let the oldest go for a few milliseconds; but as many as have come, however long that takes."""
        if self._before is not None:  # the last slice came to nothing
            self._after, self._over = self._before[0], self._over | self._before[1]
        self._before = (dict(self._after), set(self._over))
        batch.afterwards.append(self._committed)
        end = time.monotonic() + _SLICE
        brought, self._brought, self._is_much = self._brought, 0, False
        while self._over and (brought > 0 or time.monotonic() < end):
            brought -= self._expire(batch, next(iter(self._over)))

    def _expire(self, batch: Batch, project: int) -> int:
        """Look at some messages of a project, the oldest first, and let those go that are too many."""
        try:
            row = batch.books.project(project)
        except NotFound:
            self._over.discard(project)
            return _MESSAGES
        excess = self._excess(row)
        after = self._after.get(project, 0)
        found = batch.db.execute(_OLDEST, (project, after, _MESSAGES)).fetchall()
        going: list[tuple[int, str, int, int, int]] = []
        for number, name, size, appended, pinned in found:
            is_loose = pinned <= 0 and (number > row.floor or pinned)
            if is_loose and not excess.is_there and number > excess.number:
                break
            after = number
            if is_loose:
                going.append((number, name, size, appended, 1))
                excess = excess._replace(messages=excess.messages - 1, octets=excess.octets - size)
        else:
            if len(found) == _MESSAGES:  # there may be more
                self._go_on(batch, row, going, after)
                return max(len(going), 1)
        self._over.discard(project)
        self._go_on(batch, row, going, max(after, excess.number))
        return _MESSAGES

    def _go_on(self, batch: Batch, row: ProjectRow, going: list[tuple[int, str, int, int, int]], after: int) -> None:
        deletion.delete_found(batch, row, going, "expired")
        self._after[row.id] = after

    def _excess(self, row: ProjectRow) -> _Excess:
        limits = self.limits(row.id)
        messages = 0 if limits.messages is None else row.loose - limits.messages
        octets = 0 if limits.octets is None else row.loose_octets - limits.octets
        return _Excess(messages, octets, self._horizon.get(row.id, 0))

    def _committed(self) -> None:
        self._before = None


class Looks:
    """A thread that has it looked what is too old, as long as anything can be."""

    def __init__(self, retention: Retention, submit: Callable[[Callable[[Batch], None]], Future[None]]) -> None:
        self._retention = retention
        self._submit = submit
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self.begin()

    def begin(self) -> None:
        """Limits may have changed."""
        self._wake.set()
        if self._thread is None and self._retention.shortest_age is not None:
            self._thread = threading.Thread(target=self._run, name="mailtrap-retention", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End; the store's clock is noted."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._submit(self._retention.look)

    def _run(self) -> None:
        while not self._closed:
            self._wake.clear()
            self._submit(self._retention.look)
            age = self._retention.shortest_age
            self._wake.wait(None if age is None else min(max(age / _PRECISION, _SHORTEST), _LONGEST))


def _limits(text: str) -> Limits:
    return Limits(*json.loads(text))


_OLDEST = """
    SELECT number, id, size, origin = 'append', pinned FROM message
    WHERE project = ? AND number > ? ORDER BY number LIMIT ?
"""
