"""The ASGI half: the gate before everything, waits and streams in the loop, Flask in its threads for the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, MutableMapping
from contextlib import aclosing
from typing import Any

from mailtrap_web.access import Access, Refused, access
from mailtrap_web.api import OPERATIONS
from mailtrap_web.api.bodies import too_large
from mailtrap_web.api.problems import Problem, problem_of
from mailtrap_web.api.reply import Reply, reply_of
from mailtrap_web.api.routes import Call, Operation, arguments
from mailtrap_web.faulted import Dropped, Faulted
from mailtrap_web.gate import Asked, admit, own_names
from mailtrap_web.isolation import DATA
from mailtrap_web.waiting import Event, Receive, Send, first_of, gone
from mailtrap_web.world import World

Scope = MutableMapping[str, Any]


class Front:
    """The ASGI application. Requests for *flask* that come before it is ready wait for it."""

    def __init__(self, world: World, flask: asyncio.Future[Any], stopping: asyncio.Event) -> None:
        self._world = world
        self._names = own_names(world)
        self._flask = flask
        self._stopping = stopping
        self._native = {each.path: each for each in OPERATIONS if each.in_loop}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        faulted = Faulted(self._world, receive, send, self._stopping) if self._world.faults.active else None
        answer = _Answer(send)
        try:
            admit(_asked(scope), self._names)
            if faulted is not None:
                receive, answer = faulted.receive, _Answer(faulted.send)
                await faulted.happen(scope["method"], scope["path"], (scope.get("client") or [""])[0])
            found = await _access(self._world, scope)
            operation = self._native.get(scope["path"])
            if operation is None:
                await self._through_flask(scope, receive, answer)
            else:
                await self._in_loop(operation, found, scope, receive, answer)
        except Dropped:
            return
        except Exception as error:
            if answer.begun:  # too late to say so: breaking off is all that is left
                raise
            await answer.whole(problem_of(error).reply())

    async def _through_flask(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        limit = self._world.import_limit
        length = dict(scope["headers"]).get(b"content-length", b"")
        if length.isdigit() and int(length) > limit:
            raise too_large(limit)
        flask = await asyncio.shield(self._flask)
        await flask(scope, _bounded(receive, limit, self._world.patience), answer)

    async def _in_loop(
        self, operation: Operation, found: Access, scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise Problem(405, "method_not_allowed", f"{operation.path} knows GET", headers={"Allow": "GET, HEAD"})
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        call = Call(self._world, found.project, headers, found.named)
        given = operation.function(call, **arguments(operation, {}, scope["query_string"].decode("ascii")))
        if isinstance(given, AsyncGenerator):
            work = _stream(given, operation.gives, answer, scope["method"] == "HEAD")
        else:
            work = _once(given, operation, answer)
        await _until(work, receive, self._stopping)
        if self._stopping.is_set() and not answer.ended:
            await answer.cut_off()


class _Answer:
    """*send*, that knows how far the response has come."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self.ended = False

    async def __call__(self, event: Event) -> None:
        self.begun = True
        self.ended = event["type"] == "http.response.body" and not event.get("more_body")
        await self._send(event)

    async def begin(self, kind: str, status: int = 200, **headers: str) -> None:
        fields = {**DATA, "Content-Type": kind, **headers}
        octets = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
        await self({"type": "http.response.start", "status": status, "headers": octets})

    async def piece(self, body: bytes, *, more: bool = True) -> None:
        await self({"type": "http.response.body", "body": body, "more_body": more})

    async def whole(self, reply: Reply) -> None:
        body = b"".join([reply.body] if isinstance(reply.body, bytes) else reply.body)
        await self.begin(reply.type, reply.status, **{"Content-Length": str(len(body)), **reply.headers})
        await self.piece(body, more=False)

    async def cut_off(self) -> None:
        """The sandbox stops: end a stream, and tell who waits."""
        if self.begun:
            await self.piece(b"", more=False)
        else:
            await self.whole(Problem(503, "stopping", "the sandbox is stopping").reply())


async def _once(result: Coroutine[Any, Any, object], operation: Operation, answer: _Answer) -> None:
    await answer.whole(reply_of(await result, operation.status))


async def _stream(pieces: AsyncGenerator[bytes, None], kind: str, answer: _Answer, head: bool) -> None:
    async with aclosing(pieces):
        first = await anext(pieces)  # what goes wrong up to here can still be answered
        await answer.begin(kind)
        if not head:
            await answer.piece(first)
            async for piece in pieces:
                await answer.piece(piece)
    await answer.piece(b"", more=False)


async def _until(work: Coroutine[Any, Any, None], receive: Receive, stopping: asyncio.Event) -> None:
    """Do the *work* until it is done, nobody is there to hear of it, or the sandbox stops."""
    working = asyncio.ensure_future(work)
    await first_of(working, gone(receive), stopping.wait())
    if not working.cancelled():
        working.result()


async def _access(world: World, scope: Scope) -> Access:
    """The project that is asked about; who goes on with wrong passwords waits, and nobody else."""
    authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    host = (scope.get("client") or [""])[0]
    try:
        found = access(world, scope["path"], authorization)
    except Refused as error:
        await asyncio.sleep(world.accounts.attempts.failed((0, error.name, host)))
        raise
    return found


def _bounded(receive: Receive, limit: int, patience: float) -> Receive:
    """*receive*, for a body that comes to its end, in time and within *limit* octets; raises `Problem` if not."""
    left = limit

    async def piece() -> Event:
        nonlocal left
        try:
            async with asyncio.timeout(patience):
                event = await receive()
        except TimeoutError:
            raise Problem(408, "too_slow", "the body did not come", headers={"Connection": "close"}) from None
        if event["type"] == "http.disconnect":
            raise Problem(400, "cut_short", "the body broke off")
        left -= len(event.get("body", b""))
        if left < 0:
            raise too_large(limit)
        return event

    return piece


def _asked(scope: Scope) -> Asked:
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1")
        headers[key] = (*headers.get(key, ()), value.decode("latin-1"))
    return Asked(scope["method"], scope["path"], scope["query_string"], scope["http_version"], headers)
