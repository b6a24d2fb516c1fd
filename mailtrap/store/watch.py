"""Waiting for mail: what matches a query now, and what comes to match it, without asking twice."""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from mailtrap.bus import Added, Event, ProjectDeleted
from mailtrap.errors import ProjectGone
from mailtrap.message.summary import Origin, Summary
from mailtrap.search.document import Document, document
from mailtrap.search.match import matches
from mailtrap.search.tree import All, Any, Not, Origins, Query
from mailtrap.store import Store

DELIVERED: tuple[Origin, ...] = ("smtp", "lmtp", "deliver")
"""What counts as mail that arrived, where nobody asked for an origin."""


def arrivals(query: Query) -> Query:
    """*query*, for mail that arrived: imports, bounces and appends count only where the query names an origin."""
    return query if _names_origin(query) else All((Origins(DELIVERED), query))


class Watch:
    """The messages of a project that match a query: those that are there, and those that come.

    It hears of new messages before it reads the store, so none falls between. Usable from any thread;
    events come in the thread that publishes them.

        with Watch(store, project, parse("to:ann@example.com")) as watch:
            watch.wait(1, timeout=5.0)
    """

    def __init__(
        self,
        store: Store,
        project: int,
        query: Query,
        *,
        account: str | None = None,
        since: int | None = None,
        limit: int = 200,
    ) -> None:
        """*since*: only what was stored after this mod-sequence. *limit*: so many of those already there."""
        self._store = store
        self._project = project
        self._query = query
        self._account = account
        self._since = since
        self._limit = limit
        self._matched: list[tuple[int, Summary]] = []
        self._seen: set[int] = set()
        self._is_over = False
        self._changed = threading.Condition()
        self._wakers: list[Callable[[], object]] = []
        self._unsubscribe: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        self._unsubscribe = self._store.bus.subscribe(self._hear)
        try:
            page = self._store.messages(
                self._project, self._query, account=self._account, since=self._since, limit=self._limit
            )
        except BaseException:
            self._unsubscribe()
            raise
        for summary in page.summaries:
            self._note(summary)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unsubscribe()

    @property
    def matched(self) -> list[Summary]:
        """What matches so far, oldest first."""
        with self._changed:
            return [summary for _, summary in self._matched]

    def has(self, count: int) -> bool:
        """Whether *count* messages match; raises `ProjectGone` when none can come any more."""
        with self._changed:
            if self._is_over:
                raise ProjectGone
            return len(self._matched) >= count

    def wait(self, count: int, timeout: float) -> bool:
        """Wait until *count* messages match; False after *timeout* seconds. Raises `ProjectGone`."""
        with self._changed:
            return self._changed.wait_for(lambda: self.has(count), timeout)

    def add_waker(self, waker: Callable[[], object]) -> None:
        """Call *waker*, in the publishing thread, whenever one more matches, or none can: for coroutines."""
        with self._changed:
            self._wakers.append(waker)

    def _hear(self, event: Event) -> None:
        if event.project != self._project:
            return
        if isinstance(event, ProjectDeleted):
            self._is_over = True
            self._wake()
        elif isinstance(event, Added) and (self._since is None or event.modseq > self._since):
            summary = event.summary
            if matches(self._query, summary, partial(_document, event), account=self._account):
                self._note(summary)

    def _note(self, summary: Summary) -> None:
        with self._changed:
            if summary.number in self._seen:
                return
            self._seen.add(summary.number)
            insort(self._matched, (summary.number, summary), key=lambda pair: pair[0])
        self._wake()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
            wakers = tuple(self._wakers)
        for wake in wakers:
            wake()


def _document(event: Added) -> Document:
    return document(event.octets(), event.summary)


def _names_origin(query: Query) -> bool:
    match query:
        case Origins():
            return True
        case All(terms) | Any(terms):
            return any(map(_names_origin, terms))
        case Not(term):
            return _names_origin(term)
        case _:
            return False
