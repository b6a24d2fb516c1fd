"""What the writer has to do, in the order in which it came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mailtrap.store.batch import Batch


class Job(NamedTuple):
    """A job, who waits for it, and how many octets it brings."""

    do: Callable[[Batch], Any]
    done: Future[Any]
    size: int


class Jobs:
    """A queue from many threads to one, which is woken when as many are there as it waits for, not by each.

    To wake a thread costs more than anything else that is done to hand a job over.
    """

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._closed = False
        self._wanted = 0
        """So many ring the bell; 0 while nobody listens."""
        self._lock = threading.Lock()
        self._bell = threading.Lock()
        self._bell.acquire()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def over(self) -> bool:
        """None will come any more, and none is left."""
        return self._closed and not self._waiting

    def put(self, job: Job) -> bool:
        """One more; False if it is too late."""
        with self._lock:
            if self._closed:
                return False
            self._waiting.append(job)
            if 0 < self._wanted <= len(self._waiting):
                self._ring()
        return True

    def close(self) -> None:
        """Take no more."""
        with self._lock:
            self._closed = True
            if self._wanted:
                self._ring()

    def wait(self, count: int, timeout: float | None) -> None:
        """Wait until so many are there, or it is closed, or for *timeout* seconds."""
        with self._lock:
            if self._closed or len(self._waiting) >= count:
                return
            self._wanted = count
        if self._bell.acquire(timeout=-1 if timeout is None else timeout):
            return
        with self._lock:
            if not self._wanted:  # it rang at the last moment
                self._bell.acquire()
            self._wanted = 0

    def take(self, most: int, octets: int) -> list[Job]:
        """Those that are there, up to so many and so many octets; without those that were given up."""
        taken: list[Job] = []
        while self._waiting and len(taken) < most and octets > 0:
            job = self._waiting.popleft()
            if job.done.set_running_or_notify_cancel():
                taken.append(job)
                octets -= job.size
        return taken

    def _ring(self) -> None:
        self._wanted = 0
        self._bell.release()
