"""Where messages are imported to and exported from: a data directory that nobody else uses, or a sandbox that runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mailtrap.errors import AlreadyExists, StoreUnavailable
from mailtrap.portable.packed import batches, packed
from mailtrap.portable.record import Record
from mailtrap.search.grammar import parse

if TYPE_CHECKING:
    from mailtrap.message.summary import Summary
    from mailtrap.remote import Remote
    from mailtrap.store import Store

PAGE = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A message that is there."""

    id: str
    size: int
    summary: Summary | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, newest first, and where it goes on."""

    found: list[Listed]
    next: Any


class Messages(Protocol):
    """The messages of a project, wherever they are."""

    def page(self, query: str, mark: Any = None) -> Page:
        """What *query* finds from *mark* on, which is the *next* of another page; raises `BadQuery` or `Refused`."""

    def read(self, listed: Iterable[Listed]) -> Iterator[tuple[Record, bytes]]:
        """Messages, in that order; those that are gone are left out."""

    def put(self, record: Record, octets: bytes) -> Future[Any]:
        """Add a message. `AlreadyExists` if there is one with its id; it may wait for others until `flush`."""

    def flush(self) -> None:
        """No message waits for others any more."""

    def close(self) -> None:
        """No more is to be read or put."""


def oldest_first(messages: Messages, query: str) -> tuple[int, Iterator[Listed]]:
    """How many messages a query finds, and all of them, oldest first, some of them twice.

    Lists are newest first: first it is seen where their pages begin, then these are read again in reverse.
    """
    newest = page = messages.page(query)
    marks, total = [], len(page.found)
    while page.next is not None:
        marks.append(page.next)
        page = messages.page(query, page.next)
        total += len(page.found)

    def found() -> Iterator[Listed]:
        for mark in reversed(marks):
            yield from reversed(messages.page(query, mark).found)
        yield from reversed(newest.found)  # as it was: what came since would push others out of it

    return total, found()


class InDirectory:
    """A project of a store that is ours."""

    def __init__(self, store: Store, project: int) -> None:
        from mailtrap.portable import passage

        self._store, self._project, self._passage = store, project, passage
        self._was_empty = store.messages(project, limit=1).total == 0

    def page(self, query: str, mark: Any = None) -> Page:
        """Summaries."""
        page = self._store.messages(self._project, parse(query), before=mark, limit=PAGE)
        return Page([Listed(each.id, each.facts.size, each) for each in page.summaries], page.next)

    def read(self, listed: Iterable[Listed]) -> Iterator[tuple[Record, bytes]]:
        """By their row numbers."""
        return self._passage.read(self._store, (each.summary for each in listed if each.summary is not None))

    def put(self, record: Record, octets: bytes) -> Future[Any]:
        """Look whether it is there before anything else is done."""
        if not self._was_empty and self._passage.is_there(self._store, self._project, record.id):
            done: Future[Any] = Future()
            done.set_exception(AlreadyExists(record.id))
            return done
        return self._passage.add(self._store, self._project, record, octets)

    def flush(self) -> None:
        """The store's writer waits for nobody."""

    def close(self) -> None:
        """The store is closed by whoever has opened it."""


class OnServer:
    """The current project of a sandbox that runs."""

    AHEAD = 2
    """Requests whose messages nobody has asked for yet."""

    MOST = 100
    OCTETS = 1 << 20
    """What goes in one request; one message alone may have more."""

    def __init__(self, server: Remote) -> None:
        self._server = server
        self._fetching = ThreadPoolExecutor(self.AHEAD, "mailtrap-fetch")
        self._sending = ThreadPoolExecutor(1, "mailtrap-send")  # one by one, or messages would change places
        self._waiting: list[tuple[bytes, Future[Any]]] = []
        self._octets = 0

    def page(self, query: str, mark: Any = None) -> Page:
        """As ``GET /v1/messages`` gives it."""
        page = self._server.page(query, mark, PAGE)
        return Page([Listed(str(each["id"]), int(each["size"])) for each in page["messages"]], page["next"])

    def read(self, listed: Iterable[Listed]) -> Iterator[tuple[Record, bytes]]:
        """Some in each request, and the next ones already on their way."""
        under_way: deque[Future[list[tuple[Record, bytes]]]] = deque()
        for batch in batches(listed, lambda each: each.size, self.MOST, self.OCTETS):
            under_way.append(self._fetching.submit(self._fetch, [each.id for each in batch]))
            if len(under_way) > self.AHEAD:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()

    def put(self, record: Record, octets: bytes) -> Future[Any]:
        """With others, in one request."""
        done: Future[Any] = Future()
        self._waiting.append((packed(record, octets), done))
        self._octets += len(octets)
        if len(self._waiting) >= self.MOST or self._octets >= self.OCTETS:
            self.flush()
        return done

    def flush(self) -> None:
        """Send what waits."""
        if self._waiting:
            self._sending.submit(self._send, self._waiting)
            self._waiting, self._octets = [], 0

    def close(self) -> None:
        """Let what is under way end, and close the connections."""
        for pool in (self._fetching, self._sending):
            pool.shutdown(cancel_futures=True)
        self._server.close()

    def _fetch(self, ids: list[str]) -> list[tuple[Record, bytes]]:
        return list(self._server.fetch(ids))

    def _send(self, batch: list[tuple[bytes, Future[Any]]]) -> None:
        from mailtrap.remote import Refused

        try:
            outcomes = self._server.put(b"".join([each for each, _ in batch]))
        except Refused as error:
            if error.code == "unauthorized":  # none will be taken, and each try is kept waiting longer
                for _, done in batch:
                    done.set_exception(StoreUnavailable(str(error)))
                return
            if len(batch) == 1:
                batch[0][1].set_exception(error)
            for each in batch if len(batch) > 1 else ():  # one was refused: it shall be refused alone
                self._send([each])
        except BaseException as error:
            for _, done in batch:
                done.set_exception(error)
        else:
            for (_, done), outcome in zip(batch, outcomes, strict=True):
                _settle(done, outcome)


def _settle(done: Future[Any], outcome: dict[str, Any]) -> None:
    from mailtrap.remote import Refused

    if outcome["outcome"] == "imported":
        done.set_result(None)
    elif outcome["outcome"] == "skipped":
        done.set_exception(AlreadyExists(outcome["reason"]))
    else:
        done.set_exception(Refused(outcome["reason"]))
