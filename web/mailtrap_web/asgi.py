"""The HTTP server of a sandbox, in the sandbox's own loop. Importing this is cheap: what is heavy comes later."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from mailtrap_web.world import World

if TYPE_CHECKING:
    from a2wsgi import WSGIMiddleware

    from mailtrap_web.server import Server

log = logging.getLogger(__name__)

T = TypeVar("T")

FLASK_THREADS = 10

_PAUSE = 1.0
"""Seconds before a part that could not be loaded is tried again."""


class Http:
    """Serves *world* on listening *sockets*, which it closes. `start` and `stop` are called in the loop.

    The kernel takes connections from the first moment on. When there is one, uvicorn and then Flask are imported in a
    thread, for that takes most of a second in which no other protocol may stand still; requests wait for them. They
    are 12 MiB, and a third of what it takes to start: too much for all those that never ask.
    """

    def __init__(self, world: World, sockets: list[socket.socket]) -> None:
        self._world = world
        self._sockets = sockets
        self._stopping = asyncio.Event()
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to serve, with the first connection; returns at once."""
        if sys.platform == "win32":  # its loop cannot tell that somebody is there
            self._begin()
            return
        for each in self._sockets:
            asyncio.get_running_loop().add_reader(each.fileno(), self._begin)

    async def stop(self) -> None:
        """End streams and waits, let other requests finish (for two seconds), and close."""
        self._stopping.set()
        if self._server is not None:
            self._server.end()
        if self._serving is None:
            self._look_away()
            self._close()
        else:
            await self._serving

    def _begin(self) -> None:
        self._look_away()
        self._serving = asyncio.create_task(self._serve())

    def _look_away(self) -> None:
        if sys.platform != "win32":
            for each in self._sockets:
                asyncio.get_running_loop().remove_reader(each.fileno())

    def _close(self) -> None:
        for each in self._sockets:
            each.close()

    async def _serve(self) -> None:
        flask: asyncio.Future[WSGIMiddleware] | None = None
        try:
            await self._patiently(_import_native)
            flask = asyncio.ensure_future(self._patiently(_flask, self._world))
            flask.add_done_callback(_report)
            self._server = _server(self._world, flask, self._stopping, self._sockets)
            if not self._stopping.is_set():
                await self._server.run()
        except Exception:
            log.exception("the HTTP server failed")
        finally:
            self._close()
            if flask is not None:
                await asyncio.wait([flask])
                if not flask.exception():
                    flask.result().executor.shutdown(wait=False)

    async def _patiently(self, load: Callable[..., T], *arguments: object) -> T:
        """What *load* gives, in a thread; again, where a file cannot be read now: descriptors may be had later."""
        while True:
            try:
                return await asyncio.to_thread(load, *arguments)
            except OSError as error:
                if self._stopping.is_set():
                    raise
                log.warning("parts of the HTTP server have to wait: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE):
                    await self._stopping.wait()


def _import_native() -> None:
    import mailtrap_web.native
    import mailtrap_web.server  # noqa: F401 - for the side effect: in the loop it is there at once


def _server(
    world: World, flask: asyncio.Future[WSGIMiddleware], stopping: asyncio.Event, sockets: list[socket.socket]
) -> Server:
    from mailtrap_web.native import Front
    from mailtrap_web.server import Server

    front = Front(world, flask, stopping)
    return Server(front, sockets, connections=world.connections, patience=world.patience)


def _flask(world: World) -> WSGIMiddleware:
    from a2wsgi import WSGIMiddleware

    from mailtrap_web.app import create_app

    app: Any = create_app(world)  # WSGI has two descriptions of its types, and both are right
    return WSGIMiddleware(app, workers=FLASK_THREADS)


def _report(flask: asyncio.Future[WSGIMiddleware]) -> None:
    if not flask.cancelled() and (error := flask.exception()):
        log.error("the inspector and most of the API failed to load", exc_info=error)
