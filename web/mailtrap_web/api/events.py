"""Events as they are committed: Server-Sent Events, which a client resumes where it was cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from mailtrap.bus import Added, Changed, Copied, Deleted, Emptied, Event, ProjectDeleted, Refused, Removed
from mailtrap.search.document import document
from mailtrap.search.match import matches
from mailtrap.search.tree import Query
from mailtrap.store import Store
from mailtrap_web.api.cursors import Since, mark, read_mark
from mailtrap_web.api.kinds import EVERYTHING, Q, SincePoint
from mailtrap_web.api.problems import Problem
from mailtrap_web.api.reply import json_octets
from mailtrap_web.api.routes import Call, route
from mailtrap_web.api.shapes import summary_shape

HEARTBEAT = 15.0
"""Seconds of quiet after which a comment is sent, so that proxies keep the stream and a dead peer is noticed."""

BACKLOG = 1000
"""So many events wait for a peer that does not read; then the stream ends, and it may resume."""

REPLAYED = 200
"""So many messages at most are told again to who resumes."""


@route("GET", "/v1/events", gives="text/event-stream")
async def events(call: Call, *, q: Q = None, since: SincePoint = Since()) -> AsyncGenerator[bytes, None]:  # noqa: B008
    """What happens in the project, as Server-Sent Events: `added` (those that *q* finds), `changed`, `removed`,
    `copied`, `deleted`, `emptied`, `refused`, and `gone` when the project was deleted, with which the stream ends.

    `removed` and `copied` are about a *mailbox* of an *account*: POP3 or IMAP took messages out of it, or IMAP put
    them there; they stay where else they are. What IMAP appends to a mailbox is in no list of the project: it is
    not told as `added`.

    The id of each is a cursor. With `Last-Event-ID`, or *since*, what was missed comes first: `added` for messages,
    and `resync` if anything else may have changed. `ready` says that from now on everything is told as it happens.
    """
    since = _resumed(call, since)
    feed = _Feed(call.project)
    unsubscribe = call.world.store.bus.subscribe(feed.hear)
    try:
        missed, modseq = await asyncio.to_thread(_missed, call, q, since)
        yield b"".join(missed) + _sse("ready", modseq, {})
        event: Event | None = None
        while not (feed.overrun or isinstance(event, ProjectDeleted)):
            event = await feed.next(HEARTBEAT)
            if event is None:
                yield b":\n\n"
            elif event.modseq > modseq and (told := await _told(call.world.store, event, q)):
                yield told
    finally:
        unsubscribe()


class _Feed:
    """The events of a project, as many as fit, for one coroutine."""

    def __init__(self, project: int) -> None:
        self.overrun = False
        self._project = project
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event] = asyncio.Queue(BACKLOG)

    def hear(self, event: Event) -> None:
        """Called by the bus, in whatever thread."""
        if event.project == self._project:
            self._loop.call_soon_threadsafe(self._put, event)

    async def next(self, timeout: float) -> Event | None:  # noqa: ASYNC109
        """The next event; None after *timeout* seconds without one."""
        try:
            # Not `wait_for`, which before Python 3.12 now and then forgets that it was cancelled.
            async with asyncio.timeout(timeout):
                return await self._events.get()
        except TimeoutError:
            return None

    def _put(self, event: Event) -> None:
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            self.overrun = True


def _resumed(call: Call, since: Since) -> Since:
    last = call.headers.get("last-event-id", "")
    try:
        return Since(modseq=read_mark(last)) if last else since
    except ValueError as error:
        raise Problem(400, "bad_parameter", f"Last-Event-ID must be {error}", parameter="Last-Event-ID") from None


def _missed(call: Call, query: Query | None, since: Since) -> tuple[list[bytes], int]:
    """What came after *since*, oldest first, and the mod-sequence up to which that tells all; raises `ProjectGone`."""
    store = call.world.store
    if since == Since():
        return [], store.messages(call.project, limit=1).cursor
    page = store.messages(call.project, since.narrow(query or EVERYTHING), since=since.modseq, limit=REPLAYED)
    told = [_sse("added", each.modseq, {"message": summary_shape(each)}) for each in reversed(page.summaries)]
    if since.modseq not in (None, page.cursor) or page.next is not None:
        told.append(_sse("resync", page.cursor, {}))
    return told, page.cursor


async def _told(store: Store, event: Event, query: Query | None) -> bytes:
    """*event* as a client sees it; nothing, if the client did not ask for it."""
    match event:
        case Added(summary=summary):
            asked = summary.origin != "append" if query is None else await asyncio.to_thread(_matches, query, event)
            if not asked:
                return b""
            return _sse("added", event.modseq, {"message": summary_shape(summary)})
        case Changed(ids=ids):
            return _sse("changed", event.modseq, {"ids": ids})
        case Removed(ids=ids, mailbox=mailbox):
            return await asyncio.to_thread(_of_mailbox, store, "removed", event.modseq, mailbox, ids)
        case Copied(ids=ids, mailbox=mailbox):
            return await asyncio.to_thread(_of_mailbox, store, "copied", event.modseq, mailbox, ids)
        case Deleted(ids=ids, why=why):
            return _sse("deleted", event.modseq, {"ids": ids, "why": why})
        case Emptied():
            return _sse("emptied", event.modseq, {})
        case Refused():
            return _sse("refused", event.modseq, {})
        case ProjectDeleted():
            return _sse("gone", event.modseq, {})
    return b""


def _of_mailbox(store: Store, name: str, modseq: int, mailbox: int, ids: tuple[str, ...]) -> bytes:
    account, its_name = store.mailbox_names(mailbox)
    return _sse(name, modseq, {"ids": ids, "account": account, "mailbox": its_name})


def _matches(query: Query, event: Added) -> bool:
    return matches(query, event.summary, lambda: document(event.octets(), event.summary))


def _sse(name: str, modseq: int, data: dict[str, object]) -> bytes:
    cursor = mark(modseq)
    # JSON has no line ends of its own, so one data line holds it.
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        cursor.encode(),
        name.encode(),
        json_octets({"cursor": cursor, **data}),
    )
