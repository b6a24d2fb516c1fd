"""Messages: listing, reading, changing and deleting them, and handing new ones in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NotRequired, TypedDict

from mailtrap.message.captured import Message
from mailtrap.message.summary import Summary
from mailtrap.search.tree import Query
from mailtrap_web.api.cursors import Since, mark, place
from mailtrap_web.api.kinds import (
    EVERYTHING,
    Account,
    Flag,
    Limit,
    MessageId,
    MessageIdOrLatest,
    Place,
    Q,
    SincePoint,
)
from mailtrap_web.api.problems import Problem
from mailtrap_web.api.routes import Call, route
from mailtrap_web.api.shapes import MessageShape, SummaryShape, message_shape, summary_shape

PAGE = 200


class MessageList(TypedDict):
    """A page of summaries, newest first; ``total`` is exact up to 10,000, or 2,000 where texts are searched."""

    messages: list[SummaryShape]
    total: int
    total_is_lower_bound: NotRequired[bool]
    next: str | None
    cursor: str


class DeletedShape(TypedDict):
    """How many messages are gone."""

    deleted: int
    cursor: str


class UpdatedShape(TypedDict):
    """How many messages there were to change."""

    updated: int
    cursor: str


@dataclass(frozen=True, slots=True)
class Ids:
    """Messages by their ids."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change, and of which messages: *ids*, or the query's."""

    ids: tuple[str, ...] | None = None
    seen: bool | None = None
    pinned: bool | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()


@route("GET", "/v1/messages")
def messages(
    call: Call,
    *,
    q: Q = None,
    account: Account = None,
    limit: Limit = 50,
    cursor: Place = None,
    since: SincePoint = Since(),  # noqa: B008 - a frozen value
) -> MessageList:
    """Summaries of messages, newest first.

    Without an account, what was appended over IMAP is not among them.
    """
    page = call.world.store.messages(
        call.project, since.narrow(q or EVERYTHING), account=account, before=cursor, since=since.modseq, limit=limit
    )
    answer: MessageList = {
        "messages": [summary_shape(each) for each in page.summaries],
        "total": page.total,
        "next": place(page.next),
        "cursor": mark(page.cursor),
    }
    if page.total_is_lower_bound:
        answer["total_is_lower_bound"] = True
    return answer


@route("GET", "/v1/messages/{message_id}")
def message(call: Call, message_id: MessageIdOrLatest, *, q: Q = None, account: Account = None) -> MessageShape:
    """One message, whole; `latest` is the newest that *q* finds. Reading does not mark it as read."""
    summary = find(call, message_id, q, account)
    store = call.world.store
    return message_shape(Message(summary, partial(store.octets, summary.number)), store.filings(summary.number))


@route("DELETE", "/v1/messages/{message_id}")
def delete_message(call: Call, message_id: MessageId) -> DeletedShape:
    """Delete a message everywhere. For a while it is remembered when that was: 410 instead of 404."""
    call.world.store.summary(call.project, message_id)
    return _deleted(call, call.world.store.delete(call.project, [message_id]))


@route("DELETE", "/v1/messages")
def delete_messages(call: Call, *, q: Q = None, all: Flag = False, body: Ids | None = None) -> DeletedShape:  # noqa: A002
    """Delete messages everywhere: those that *q* finds, those whose ids the body has, or all.

    One of the three must be there. `all=true` spares pinned messages.
    """
    if (q is not None) + all + (body is not None) != 1:
        raise Problem(400, "nothing_named", "name what to delete: by q, or by ids in the body, or all=true")
    if q == EVERYTHING:
        raise Problem(400, "nothing_named", "q finds everything; to delete everything say all=true")
    store = call.world.store
    if all:
        return _deleted(call, store.delete_all(call.project))
    pages = _pages(call, q) if q is not None else [body.ids if body else ()]
    return _deleted(call, sum(store.delete(call.project, ids) for ids in pages))


@route("PATCH", "/v1/messages")
def update_messages(call: Call, *, q: Q = None, account: Account = None, body: Changes) -> UpdatedShape:
    """Mark, pin or tag messages: those that *q* finds, or those whose ids the body has.

    `seen` belongs to the account that is named, or to the catch-all.
    """
    if (q is None) == (body.ids is None):
        raise Problem(400, "nothing_named", "name what to change: by q, or by ids in the body")
    update = partial(
        call.world.store.update,
        call.project,
        seen=body.seen,
        pinned=body.pinned,
        add_tags=body.add_tags,
        remove_tags=body.remove_tags,
        account=account,
    )
    pages = [body.ids] if body.ids is not None else _pages(call, q or EVERYTHING, account)
    return {"updated": sum(map(update, pages)), "cursor": mark(call.world.store.cursor())}


def find(call: Call, message_id: str, q: Query | None = None, account: str | None = None) -> Summary:
    """The message with that id, or the newest that *q* finds if the id is ``latest``."""
    if message_id != "latest":
        if q is not None:
            raise Problem(400, "bad_parameter", "q goes with `latest` alone", parameter="q")
        return call.world.store.summary(call.project, message_id, account=account)
    page = call.world.store.messages(call.project, q or EVERYTHING, account=account, limit=1)
    if not page.summaries:
        raise Problem(404, "no_match", "no message is there" if q is None else "no message matches q")
    return page.summaries[0]


def _pages(call: Call, query: Query, account: str | None = None) -> Iterator[list[str]]:
    before: int | None = None
    while True:
        page = call.world.store.messages(call.project, query, account=account, before=before, limit=PAGE)
        yield [each.id for each in page.summaries]
        if (before := page.next) is None:
            return


def _deleted(call: Call, count: int) -> DeletedShape:
    return {"deleted": count, "cursor": mark(call.world.store.cursor())}
