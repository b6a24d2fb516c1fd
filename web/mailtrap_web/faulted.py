"""Faults in HTTP: they happen to a request before anybody looks at what it asks for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import Any

from mailtrap import tcp
from mailtrap.clock import Clock
from mailtrap.faults import Action, Asked, Delay, Drop, Hang, Reply, Slow
from mailtrap.loop import done_after
from mailtrap.pausing import portion
from mailtrap_web.api.problems import Problem
from mailtrap_web.waiting import Event, Receive, Send, first_of, gone
from mailtrap_web.world import World

SPARED = ("/v1/faults", "/v1/clock", "/faults", "/livez", "/readyz")
"""Nothing goes wrong where faults are taken away again, and where somebody only asks whether we live."""


class Dropped(Exception):
    """The connection is gone, and with it whoever would hear of this."""


class Faulted:
    """One request that a fault may happen to: how it is read, and how the response is sent, from then on."""

    def __init__(self, world: World, receive: Receive, send: Send, stopping: asyncio.Event) -> None:
        self._faults, self._clock, self._current = world.faults, world.clock, world.current
        self._receive = receive
        self._send = send
        self._stopping = stopping
        self._heard: deque[Event] = deque()
        self._pace = 0

    async def happen(self, method: str, path: str, peer: str) -> None:
        """Let happen what the rules say; raises `Problem` and `Dropped`."""
        if path.startswith(SPARED) and path.removeprefix(next(filter(path.startswith, SPARED)))[:1] in ("", "/"):
            return
        for action in self._faults.fire(Asked(f"http.{method}", self._current.project, peer)):
            await self._suffer(action)

    async def receive(self) -> Event:
        """The next part of the request."""
        return self._heard.popleft() if self._heard else await self._receive()

    async def send(self, event: Event) -> None:
        """A part of the response: as slowly as it has to be."""
        body = event.get("body", b"")
        if not self._pace or not body:
            await self._send(event)
            return
        piece = portion(self._pace)
        for start in range(0, len(body), piece):
            part = body[start : start + piece]
            more = event.get("more_body", False) or start + piece < len(body)
            await self._send({**event, "body": part, "more_body": more})
            await self._until(passed(self._clock, len(part) / self._pace), self._closed())

    async def _suffer(self, action: Action) -> None:
        match action:
            case Delay():
                await self._until(passed(self._clock, action.seconds), self._gone())
            case Slow():
                self._pace = action.octets_per_second
            case Reply():
                raise Problem(action.code, "fault", action.text, rule=action.rule)
            case Hang():
                await self._until(gone(self._receive))
                await self._drop(reset=False)
            case Drop():
                await self._drop(reset=action.reset)

    async def _drop(self, *, reset: bool) -> None:
        tcp.drop(self._transport, reset=reset)
        await gone(self._receive)
        raise Dropped

    @property
    def _transport(self) -> asyncio.Transport:
        cycle: Any = getattr(self._send, "__self__", None)  # uvicorn's, of which *send* is a method
        transport: asyncio.Transport = cycle.transport
        return transport

    async def _until(self, *what: Awaitable[None]) -> None:
        """Wait for one of these, or for the sandbox to stop."""
        await first_of(*what, self._stopping.wait())

    async def _gone(self) -> None:
        """Nobody waits for an answer any more. Of a body no more than the beginning is heard ahead for that."""
        while not self._heard or not self._heard[-1].get("more_body"):
            self._heard.append(await self._receive())
            if self._heard[-1]["type"] == "http.disconnect":
                return
        await asyncio.Future()

    async def _closed(self) -> None:
        """The connection is gone, or going."""
        if not self._transport.is_closing():
            await asyncio.Future()


async def passed(clock: Clock, seconds: float) -> None:
    """So much time has passed, by the sandbox's clock."""
    over = asyncio.get_running_loop().create_future()
    cancel = done_after(seconds, clock, over)
    try:
        await over
    finally:
        cancel()
