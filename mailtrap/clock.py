"""The sandbox's clock: real time, and whatever a test moved it ahead by."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

from mailtrap.errors import NotFound

MOST_AHEAD = 50 * 365 * 86_400.0
"""Seconds that the clock can be moved ahead by, all in all: beyond, dates would end."""

Job = Callable[[], "Future[Any] | None"]

log = logging.getLogger(__name__)


class Clock:
    """Tells the time, and does jobs when they are due; may be used from any thread.

    >>> clock = Clock()
    >>> before = clock.now()
    >>> clock.advance(3600)
    >>> clock.now() - before >= 3600
    True
    """

    def __init__(self) -> None:
        self._ahead = 0.0
        self._jobs: list[tuple[float, int, Job]] = []
        self._numbers = itertools.count()
        self._under_way: dict[int, float] = {}
        """When what is being done was due, by the job's number."""
        self._followers: list[Callable[[float], None]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def now(self) -> float:
        """Seconds; never back, whoever sets the machine's clock."""
        return time.monotonic() + self._ahead

    def time(self) -> datetime:
        """The time of day in UTC, moved ahead likewise."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    @property
    def ahead(self) -> float:
        """Seconds that it was moved ahead by, all in all."""
        return self._ahead

    def after(self, seconds: float, job: Job) -> Callable[[], None]:
        """Do *job* in *seconds*, in a thread for all such jobs; gives the function that cancels it.

        What is due earlier is done earlier. If the job gives a future, whoever advances the clock waits for that too.
        """
        with self._changed:
            number = next(self._numbers)
            if not self._closed:
                heapq.heappush(self._jobs, (self.now() + seconds, number, job))
                self._start()
                self._changed.notify_all()
        return lambda: self._cancel(number)

    def follow(self, follower: Callable[[float], None]) -> None:
        """Call *follower* with the seconds whenever the clock is moved ahead; that waits until it returns."""
        self._followers.append(follower)

    def advance(self, seconds: float) -> None:
        """Move it ahead for everybody; returns when all that became due is done.

        A job that advances the clock itself does not wait. Raises `ValueError` for less than 0.
        """
        with self._changed:
            if not 0 <= seconds <= MOST_AHEAD - self._ahead:
                raise ValueError("a time ahead, and no more than 50 years in all")
            self._ahead += seconds
            until = self.now()
            self._changed.notify_all()
        for follower in self._followers:
            follower(seconds)
        if threading.current_thread() is not self._thread:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or not self._is_due(until))

    def close(self) -> None:
        """Forget what is not due yet. What is under way is finished."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mailtrap-clock", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            number, job = taken
            try:
                given = job()
            except Exception:
                log.exception("what was to be done later failed")
                given = None
            if given is None:
                self._done(number)
            else:
                given.add_done_callback(lambda future, number=number: self._done(number, future))  # type: ignore[misc]

    def _next(self) -> tuple[int, Job] | None:
        """The first job, once it is due; None when the clock is closed."""
        with self._changed:
            while not self._closed:
                wait = self._jobs[0][0] - self.now() if self._jobs else None
                if wait is not None and wait <= 0:
                    due, number, job = heapq.heappop(self._jobs)
                    self._under_way[number] = due
                    return number, job
                self._changed.wait(wait if wait is None else min(wait, threading.TIMEOUT_MAX))
        return None

    def _done(self, number: int, future: Future[Any] | None = None) -> None:
        error = None if future is None or future.cancelled() else future.exception()
        if error is not None and not isinstance(error, NotFound):  # what is gone is no concern any more
            log.error("what was to be done later failed", exc_info=error)
        with self._changed:
            del self._under_way[number]
            self._changed.notify_all()

    def _is_due(self, until: float) -> bool:
        return any(due <= until for due in self._under_way.values()) or bool(self._jobs and self._jobs[0][0] <= until)

    def _cancel(self, number: int) -> None:
        with self._changed:
            self._jobs = [each for each in self._jobs if each[1] != number]
            heapq.heapify(self._jobs)
            self._changed.notify_all()
