"""Many messages at a time, each with all that is known of it: what ``mailtrap import`` and ``export`` ask for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import Annotated, Any, TypedDict

from mailtrap.errors import AlreadyExists, NotFound, TakenElsewhere
from mailtrap.message.summary import Summary
from mailtrap.portable import passage
from mailtrap.portable.packed import TYPE, packed, unpacked
from mailtrap.portable.record import BadRecord, from_json
from mailtrap_web.api.deliver import COMMIT_TIMEOUT
from mailtrap_web.api.kinds import text
from mailtrap_web.api.problems import Problem
from mailtrap_web.api.reply import Reply
from mailtrap_web.api.routes import Call, Kind, route

Ids = Annotated[tuple[str, ...], Kind(text, {"type": "string"}, "A message's id; as many as needed.")]


class ImportedShape(TypedDict):
    """What became of a message: ``imported``, ``skipped`` if one with its id was there, or ``failed``, and why."""

    id: str
    outcome: str
    reason: str


class ImportedList(TypedDict):
    """In the order in which they came."""

    messages: list[ImportedShape]


@route("GET", "/v1/export", gives=TYPE)
def export_messages(call: Call, *, id: Ids) -> Reply:  # noqa: A002
    """Messages with all that is known of them, in the order of their ids here; those that are gone are left out.

    Each is a line of JSON, as in `mailtrap.jsonl`, whose `size` says how many octets of the message follow it.
    """
    return Reply((packed(*each) for each in passage.read(call.world.store, _there(call, id))), TYPE)


@route("POST", "/v1/import", takes=TYPE)
def import_messages(call: Call, *, body: bytes) -> ImportedList:
    """Hand in messages with all that is known of them: ids, envelopes, times and tags are kept.

    The body is what an export gives. All but `size` may be left out; without `envelope` the header has to do.
    """
    try:
        adding = [_add(call, members, octets) for members, octets in unpacked(body)]
    except BadRecord as error:
        raise Problem(400, "bad_body", f"the body cannot be taken apart: {error}") from None
    return {"messages": [_outcome(*each) for each in adding]}


def _there(call: Call, ids: tuple[str, ...]) -> Iterator[Summary]:
    for each in ids:
        with suppress(NotFound):
            yield call.world.store.summary(call.project, each)


def _add(call: Call, members: dict[str, Any], octets: bytes) -> tuple[str, Future[Summary] | Exception]:
    store = call.world.store
    try:
        record = from_json(members)
    except BadRecord as error:
        return "", error
    if record.id and passage.is_there(store, call.project, record.id):  # else its whole batch is committed one by one
        return record.id, AlreadyExists("it is there")
    return record.id, passage.add(store, call.project, record, octets)


def _outcome(message_id: str, done: Future[Summary] | Exception) -> ImportedShape:
    try:
        if isinstance(done, Exception):
            raise done
        return {"id": done.result(COMMIT_TIMEOUT).id, "outcome": "imported", "reason": ""}
    except (BadRecord, TakenElsewhere) as error:
        return {"id": message_id, "outcome": "failed", "reason": str(error)}
    except AlreadyExists as error:
        return {"id": message_id, "outcome": "skipped", "reason": str(error)}
