"""Events: told as they are committed, and after an interruption what was missed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from messages import new_message

from mailtrap.current import Current
from mailtrap.errors import ProjectGone
from mailtrap.message.summary import Summary
from mailtrap.store import Store
from mailtrap.store.records import Flag
from mailtrap_web.api import events as module
from mailtrap_web.api.routes import Call
from mailtrap_web.world import World

Put = Callable[..., Summary]
Told = tuple[str, str, dict[str, Any]]
"""The id, the name and the data of an event."""


def read(lines: Iterator[str]) -> Told:
    """The next event, comments passed over."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line and "data" in fields:
            return fields["id"], fields["event"], json.loads(fields["data"])
        name, colon, value = line.partition(":")
        if name and colon:
            fields[name] = value.removeprefix(" ")
    raise EOFError


@contextmanager
def stream(live: Any, query: str = "", **headers: str) -> Iterator[Iterator[str]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with live.get(f"/v1/events{query}", headers=named, stream=True) as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        yield response.iter_lines(chunk_size=1, decode_unicode=True)


@pytest.mark.parametrize("query", ["?q=(", "?since=p3", "?x=1"])
def test_a_wrong_parameter_is_a_problem_and_no_stream(live: Any, query: str) -> None:
    response = live.get(f"/v1/events{query}")

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_wrong_last_event_id_is_refused(live: Any) -> None:
    response = live.get("/v1/events", headers={"Last-Event-ID": "42"})

    assert response.json()["parameter"] == "Last-Event-ID"


def test_what_happens_is_told_in_its_order(live: Any) -> None:
    with stream(live) as lines:
        ready = read(lines)
        added = live.put()
        first = read(lines)
        live.ask("PATCH", "/v1/messages", json={"ids": [added.id], "seen": True})
        second = read(lines)
        live.ask("DELETE", f"/v1/messages/{added.id}")
        third = read(lines)
        live.ask("DELETE", "/v1/messages?all=true")
        fourth = read(lines)

    told = [ready, first, second, third, fourth]
    assert [name for _, name, _ in told] == ["ready", "added", "changed", "deleted", "emptied"]
    assert first[2]["message"]["id"] == added.id
    assert second[2]["ids"] == third[2]["ids"] == [added.id]
    assert all(identity == data["cursor"] for identity, _, data in told)
    assert len({identity for identity, _, _ in told}) == 5


def test_what_was_taken_out_of_a_mailbox_is_told_with_its_names(live: Any) -> None:
    store, project = live.sandbox.store, live.sandbox.current.project
    first, second = live.put(rcpt_to=("Ann@example.com",)), live.put(rcpt_to=("Ann@example.com",))
    inbox = store.mailbox(project, "ann@example.com").id
    with stream(live) as lines:
        read(lines)
        store.remove(inbox, [1, 2], "pop3")

        _, name, data = read(lines)
    del data["cursor"]
    assert (name, data) == (
        "removed",
        {"ids": [first.id, second.id], "account": "ann@example.com", "mailbox": "INBOX"},
    )


def test_what_was_copied_to_a_mailbox_is_told_with_its_names_even_if_it_was_deleted_since(live: Any) -> None:
    store, project = live.sandbox.store, live.sandbox.current.project
    added = live.put(rcpt_to=("ann@example.com",))
    inbox = store.mailbox(project, "ann@example.com").id
    kept = store.make_mailbox(project, "ann@example.com", "Kept/2026").id
    with stream(live) as lines:
        read(lines)
        store.copy(inbox, [1], kept)
        store.delete_mailbox(project, "ann@example.com", "Kept/2026")

        told = [read(lines) for _ in range(2)]
    assert [name for _, name, _ in told] == ["copied", "removed"]
    for _, _, data in told:
        assert (data["ids"], data["account"], data["mailbox"]) == ([added.id], "ann@example.com", "Kept/2026")


def test_flags_that_were_set_in_a_mailbox_are_a_change(live: Any) -> None:
    added = live.put(rcpt_to=("ann@example.com",))
    store, project = live.sandbox.store, live.sandbox.current.project
    with stream(live) as lines:
        read(lines)
        store.flag(store.mailbox(project, "ann@example.com").id, [1], add=Flag.FLAGGED)

        _, name, data = read(lines)
    assert (name, data["ids"]) == ("changed", [added.id])


@pytest.mark.parametrize("query", ["", "?q=draft"])
def test_what_was_appended_is_not_told_as_added(live: Any, query: str) -> None:
    store, project = live.sandbox.store, live.sandbox.current.project
    drafts = store.open_mailbox(project, "ann@example.com", "Drafts").id
    with stream(live, query) as lines:
        read(lines)
        store.append(drafts, new_message(project, b"Subject: draft\r\n\r\n"))
        added = live.put(b"Subject: draft\r\n\r\n")

        assert read(lines)[2]["message"]["id"] == added.id


def test_only_what_the_query_finds_is_told_as_added(live: Any) -> None:
    with stream(live, "?q=to:bob@example.com") as lines:
        read(lines)
        live.put()
        bobs = live.put(rcpt_to=("bob@example.com",))

        assert read(lines)[2]["message"]["id"] == bobs.id


def test_who_resumes_is_told_what_was_missed(live: Any) -> None:
    with stream(live) as lines:
        last = read(lines)[0]
    ids = [live.put().id, live.put().id]

    with stream(live, Last_Event_ID=last) as lines:
        told = [read(lines) for _ in range(4)]

    assert [name for _, name, _ in told] == ["added", "added", "resync", "ready"]
    assert [data["message"]["id"] for _, _, data in told[:2]] == ids


def test_who_missed_nothing_is_told_nothing(live: Any) -> None:
    cursor = live.get("/v1/messages").json()["cursor"]

    with stream(live, f"?since={cursor}") as lines:
        assert read(lines)[1] == "ready"


def test_an_id_of_another_life_makes_the_client_start_over(live: Any) -> None:
    with stream(live, Last_Event_ID="c999999999") as lines:
        assert read(lines)[1] == "resync"


def test_what_happens_in_another_project_is_not_told(live: Any) -> None:
    with stream(live) as lines:
        read(lines)
        with live.sandbox.current.set_to(live.sandbox.store.new_project().id):
            live.put()
        mine = live.put()

        assert read(lines)[2]["message"]["id"] == mine.id


def test_head_has_no_stream(live: Any) -> None:
    response: requests.Response = live.ask("HEAD", "/v1/events")

    assert (response.status_code, response.content) == (200, b"")


@pytest.fixture
def call(store: Store, current: Current) -> Call:
    return Call(World(store=store, current=current), current.project)


def test_quiet_is_filled_with_comments(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT", 0.001)

    async def scenario() -> bytes:
        stream = module.events(call)
        await anext(stream)
        comment = await anext(stream)
        await stream.aclose()
        return comment

    assert asyncio.run(scenario()) == b":\n\n"
    assert call.world.store.bus._subscribers == ()


def test_a_stream_that_is_not_read_ends(call: Call, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKLOG", 2)

    async def scenario() -> int:
        stream = module.events(call)
        await anext(stream)
        for _ in range(3):
            await asyncio.to_thread(put)
        await asyncio.sleep(0)
        return len([piece async for piece in stream])

    assert asyncio.run(scenario()) <= 2
    assert call.world.store.bus._subscribers == ()


def test_a_stream_ends_with_its_project(call: Call, put: Put) -> None:
    put()

    async def scenario() -> list[bytes]:
        stream = module.events(call)
        await anext(stream)
        await asyncio.to_thread(call.world.store.delete_project, call.project)
        told = [piece async for piece in stream]
        with pytest.raises(ProjectGone):
            await anext(module.events(call))
        return told

    told = [read(iter(piece.decode().split("\n"))) for piece in asyncio.run(scenario())]
    assert [name for _, name, _ in told] == ["emptied", "gone"]
    assert call.world.store.bus._subscribers == ()
