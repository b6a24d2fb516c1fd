"""The long wait: what is there, what comes, and what came instead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mailtrap.bus import Bus
from mailtrap.current import Current
from mailtrap.errors import ProjectGone
from mailtrap.message.summary import Summary
from mailtrap.store import Store
from mailtrap_web.api.kinds import read_to
from mailtrap_web.api.routes import Call
from mailtrap_web.api.wait import wait
from mailtrap_web.world import World

Put = Callable[..., Summary]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("timeout=301", "timeout must be seconds, from 0 to 300"),
        ("timeout=-1", "timeout must be"),
        ("timeout=nan", "timeout must be"),
        ("count=0", "count must be a whole number from 1 to 200"),
        ("since=yesterday", "since must be"),
        ("get=code", "did you mean"),
        ("q=(", "q: "),
        ("to=a%00b", "to must be"),
    ],
)
def test_a_wrong_parameter_is_refused_at_once(live: Any, query: str, says: str) -> None:
    response = live.get(f"/v1/wait?{query}")

    assert response.status_code == 400
    assert says in response.json()["detail"] or "known:" in response.json()["detail"]


def test_a_wait_is_only_asked_for(live: Any) -> None:
    response = live.ask("POST", "/v1/wait")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


def test_what_is_there_already_is_answered_at_once_newest_first(live: Any) -> None:
    ids = [live.put().id, live.put().id]

    answer = live.get("/v1/wait?to=ann@example.com&count=2").json()

    assert [each["id"] for each in answer["messages"]] == ids[::-1]


def test_a_wait_ends_when_enough_have_come(live: Any) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(live.get, "/v1/wait?q=subject:hello&count=3")
        ids = [live.put().id for _ in range(3)]

    assert [each["id"] for each in waiting.result().json()["messages"]] == ids[::-1]


def test_when_the_time_is_over_it_tells_what_came_instead(live: Any) -> None:
    live.put()

    response = live.get("/v1/wait?to=bob@example.com&timeout=0")

    problem = response.json()
    assert (response.status_code, problem["code"]) == (404, "no_match")
    assert problem["matched"] == []
    assert [each["rcpt_to"] for each in problem["arrived"]] == [["ann@example.com"]]
    assert problem["detail"] == "0 of 1 came in time; 1 arrived in all"


def test_since_a_cursor_stale_mail_does_not_count(live: Any) -> None:
    live.put()
    cursor = live.get("/v1/wait?to=ann@example.com").json()["cursor"]

    missed = live.get(f"/v1/wait?to=ann@example.com&since={cursor}&timeout=0")
    new = live.put()
    found = live.get(f"/v1/wait?to=ann@example.com&since={missed.json()['cursor']}")

    assert missed.json()["code"] == "no_match"
    assert missed.json()["arrived"] == []
    assert [each["id"] for each in found.json()["messages"]] == [new.id]


def test_what_was_imported_is_waited_for_only_by_name(live: Any) -> None:
    imported = live.put(origin="import")

    assert live.get("/v1/wait?timeout=0").json()["arrived"] == []
    assert live.get("/v1/wait?q=origin:import").json()["messages"][0]["id"] == imported.id


def test_mail_of_another_project_is_not_waited_for(live: Any) -> None:
    with live.sandbox.current.set_to(live.sandbox.store.new_project().id):
        live.put()

    assert live.get("/v1/wait?timeout=0").status_code == 404


@pytest.fixture
def call(store: Store, current: Current) -> Call:
    return Call(World(store=store, current=current), current.project)


async def subscribed(bus: Bus) -> None:
    while not bus._subscribers:  # noqa: ASYNC110 - nobody is told that somebody listens
        await asyncio.sleep(0)


def test_a_wait_hears_of_what_comes_while_it_waits(call: Call, put: Put) -> None:
    async def scenario() -> Any:
        waiting = asyncio.create_task(wait(call, to=read_to("ann@example.com"), count=2))
        await subscribed(call.world.store.bus)
        await asyncio.to_thread(put)
        await asyncio.to_thread(put, rcpt_to=("bob@example.com",), octets=b"\r\n")
        await asyncio.to_thread(put)
        return await waiting

    assert len(asyncio.run(scenario())["messages"]) == 2


def test_a_wait_that_nobody_waits_for_any_more_leaves_nothing_behind(call: Call) -> None:
    async def scenario() -> None:
        waiting = asyncio.create_task(wait(call))
        await subscribed(call.world.store.bus)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scenario())

    assert call.world.store.bus._subscribers == ()


def test_a_wait_ends_with_its_project(call: Call) -> None:
    async def scenario() -> None:
        waiting = asyncio.create_task(wait(call))
        await subscribed(call.world.store.bus)
        await asyncio.to_thread(call.world.store.delete_project, call.project)
        with pytest.raises(ProjectGone):
            await waiting
        with pytest.raises(ProjectGone):
            await wait(call)

    asyncio.run(scenario())

    assert call.world.store.bus._subscribers == ()
