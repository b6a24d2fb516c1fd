"""The long wait: an answer as soon as the mail is there, at no cost of a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TypedDict

from mailtrap.message.summary import Summary
from mailtrap.search.tree import All, Query
from mailtrap.store.watch import Watch, arrivals
from mailtrap_web.api.cursors import Since, mark
from mailtrap_web.api.kinds import EVERYTHING, Account, Count, Q, SincePoint, Timeout, To
from mailtrap_web.api.problems import Problem
from mailtrap_web.api.routes import Call, route
from mailtrap_web.api.shapes import SummaryShape, summary_shape

MOST = 200
SHOWN = 20
"""So many of what did arrive are told to who waited for something else."""


class Arrived(TypedDict):
    """What matches, newest first. ``since=cursor`` waits for what comes after these."""

    messages: list[SummaryShape]
    cursor: str


@route("GET", "/v1/wait")
async def wait(
    call: Call,
    *,
    q: Q = None,
    to: To = None,
    account: Account = None,
    count: Count = 1,
    since: SincePoint = Since(),  # noqa: B008 - a frozen value
    timeout: Timeout = 30.0,  # noqa: ASYNC109 - the client's
) -> Arrived:
    """Wait until *count* messages match, those already there among them; 404 `no_match` when the time is over,
    and `not_found` when the project is deleted.

    What was imported, appended or bounced counts only where *q* names its origin.
    """
    terms = tuple(term for term in (q, to) if term is not None)
    query = arrivals(since.narrow(All(terms)))
    watch = Watch(call.world.store, call.project, query, account=account, since=since.modseq)
    async with _open(watch):
        if await _come(watch, count, timeout):
            newest_first = watch.matched[::-1]
            return _arrived(newest_first, max(each.modseq for each in newest_first))
    return await asyncio.to_thread(_at_last, call, query, account, count, since)


@asynccontextmanager
async def _open(watch: Watch) -> AsyncIterator[None]:
    """*watch*, entered in a thread, because it reads the store; left even if nobody waits for that any more."""
    entering = asyncio.ensure_future(asyncio.to_thread(watch.__enter__))
    try:
        await asyncio.shield(entering)
        yield
    finally:
        await asyncio.wait([entering])
        if not entering.exception():
            watch.__exit__(None, None, None)


async def _come(watch: Watch, count: int, timeout: float) -> bool:  # noqa: ASYNC109
    loop, more = asyncio.get_running_loop(), asyncio.Event()
    watch.add_waker(lambda: loop.call_soon_threadsafe(more.set))
    try:
        async with asyncio.timeout(timeout):
            while not watch.has(count):
                await more.wait()
                more.clear()
    except TimeoutError:
        return False
    return True


def _at_last(call: Call, query: Query, account: str | None, count: int, since: Since) -> Arrived:
    """What the store says when the time is over: its cursor and its list are of one moment, so nothing is missed."""
    messages = partial(call.world.store.messages, call.project, since=since.modseq)
    page = messages(query, account=account, limit=MOST)
    if len(page.summaries) >= count:
        return _arrived(page.summaries, page.cursor)
    others = messages(arrivals(since.narrow(EVERYTHING)), limit=SHOWN)
    raise Problem(
        404,
        "no_match",
        f"{len(page.summaries)} of {count} came in time; {others.total} arrived in all",
        matched=[summary_shape(each) for each in page.summaries],
        arrived=[summary_shape(each) for each in others.summaries],
        cursor=mark(page.cursor),
    )


def _arrived(newest_first: list[Summary], modseq: int) -> Arrived:
    return {"messages": [summary_shape(each) for each in newest_first], "cursor": mark(modseq)}
