"""Taking connections from a listening socket; where there are too many open files, a pause, and then again."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds in which nobody is let in where descriptors or memory have run out: the kernel keeps who comes waiting."""

_TURN = 64
"""So many are let in before whoever is connected has a turn."""

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

Protocols = Callable[[], asyncio.BaseProtocol]
Load = Callable[[], object]


class Acceptor:
    """Accepts at one socket, in the loop's thread, until it is closed.

    asyncio's own server pauses as well, but first tries a thousand times more and logs a traceback for each; and
    uvloop's hangs up on those who come.
    """

    def __init__(self, protocols: Protocols, sock: socket.socket, load: Load | None = None) -> None:
        """*load* brings what *protocols* needs: in a thread, when the first comes, who is let in when that is done."""
        self._loop = asyncio.get_running_loop()
        self._protocols = protocols
        self._socket = sock
        self._load = load
        self._pause: asyncio.TimerHandle | None = None
        self._beginning: set[asyncio.Task[Any]] = set()
        self._is_closed = False
        self._accept_again()

    def close(self) -> None:
        """Accept no more, and close the socket."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._pause is None:
            self._loop.remove_reader(self._socket.fileno())
        else:
            self._pause.cancel()
        self._socket.close()

    async def wait_closed(self) -> None:
        """It is, as soon as `close` returns; uvicorn asks."""

    def _accept_again(self) -> None:
        self._pause = None
        # By its number: uvloop would hold on to the socket, which a forked child then could not close.
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def _accept(self) -> None:
        if self._load is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._keep(self._loop.create_task(self._loaded(self._load)))
            return
        for _ in range(_TURN):
            try:
                connection, _peer = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._rest(error)
                return
            self._begin(connection)

    async def _loaded(self, load: Load) -> None:
        try:
            await asyncio.to_thread(load)
        except OSError as error:  # files may be opened later
            if not self._is_closed:
                self._wait(error)
            return
        except Exception:
            log.exception("what serves connections could not be loaded")
        self._load = None
        if not self._is_closed:
            self._accept_again()

    def _begin(self, connection: socket.socket) -> None:
        try:
            connection.setblocking(False)
            protocol = self._protocols()
        except Exception:
            log.exception("a connection could not begin")
            connection.close()
            return
        self._keep(self._loop.create_task(self._loop.connect_accepted_socket(lambda: protocol, connection)))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._beginning.add(task)
        task.add_done_callback(self._began)

    def _began(self, task: asyncio.Task[Any]) -> None:
        self._beginning.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a connection could not begin", exc_info=error)

    def _rest(self, error: OSError) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._wait(error)

    def _wait(self, error: OSError) -> None:
        log.warning("no more connections can be taken now: %s", error.strerror)
        self._pause = self._loop.call_later(PAUSE, self._accept_again)


async def accept(
    protocols: Protocols, sock: socket.socket, backlog: int, load: Load | None = None
) -> Acceptor | asyncio.Server:
    """Take connections at *sock*, which listens; *protocols* makes what serves each, once *load* has brought that."""
    if sys.platform == "win32":  # its loop waits for completion, not for readiness; and it has no such limit
        return await asyncio.get_running_loop().create_server(protocols, sock=sock, backlog=backlog)
    return Acceptor(protocols, sock, load)
