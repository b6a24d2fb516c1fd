"""Which project new mail belongs to, and which transactions are still under way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from mailtrap.bus import Event, ProjectDeleted
from mailtrap.errors import ProjectGone


class Current:
    """The sandbox's current project, read at MAIL FROM, at log-in and per request.

    A transaction stays in the project it began in, however long it takes; whoever closes a project
    can wait for those. All of it may be used from any thread.
    """

    def __init__(self, project: int) -> None:
        self.project = project
        self._under_way: Counter[int] = Counter()
        self._gone: set[int] = set()
        self._changed = threading.Condition()

    @contextmanager
    def set_to(self, project: int) -> Iterator[None]:
        """Make *project* the current one for the time of the block."""
        before, self.project = self.project, project
        try:
            yield
        finally:
            self.project = before

    def begin(self, project: int | None = None) -> int:
        """A transaction begins, of *project* or the current one; gives what it belongs to from now on.

        Raises `ProjectGone` if that is so.
        """
        with self._changed:
            project = self.project if project is None else project
            if project in self._gone:
                raise ProjectGone
            self._under_way[project] += 1
            return project

    def end(self, project: int) -> None:
        """A transaction of *project* ended, however it ended."""
        with self._changed:
            self._under_way[project] -= 1
            if self._under_way[project] <= 0:
                del self._under_way[project]
            self._changed.notify_all()

    def hear(self, event: Event) -> None:
        """Something was committed: no transaction begins in a project that was deleted."""
        if isinstance(event, ProjectDeleted):
            self._gone.add(event.project)

    def wait_idle(self, project: int, timeout: float) -> bool:
        """Wait until no transaction of *project* is under way; False after *timeout* seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._under_way[project], timeout)
