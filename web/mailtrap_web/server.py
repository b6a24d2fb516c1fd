"""uvicorn in a loop that is not its own: no signals, no logging set-up, and no patience without end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from mailtrap.accepting import accept
from mailtrap.peers import UNIX
from mailtrap.tcp import ends
from mailtrap_web.world import HEAD_LIMIT

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\n"
    b"content-length: 28\r\nconnection: close\r\n\r\nThe request head is too big."
)
_Base: Any = AutoHTTPProtocol
"""httptools if installed, else h11."""


class Server(uvicorn.Server):
    """A server on *sockets*, which it closes, within the loop it is started in."""

    def __init__(
        self, app: Callable[..., Any], sockets: list[socket.socket], *, connections: int, patience: float
    ) -> None:
        config = uvicorn.Config(
            app,
            http=type("Protocol", (_Bounded,), {"patience": patience}),
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # nobody is trusted to say who asks
            server_header=False,
            limit_concurrency=connections,
            h11_max_incomplete_event_size=HEAD_LIMIT,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)
        self._sockets = sockets
        self._ending = asyncio.Event()

    async def run(self) -> None:  # type: ignore[override]  # uvicorn's own makes a loop; this one is in ours
        """Serve until `end`."""
        await self.serve(self._sockets)

    def end(self) -> None:
        """Accept no more, finish what is under way, and return from `run`."""
        self.should_exit = True
        self._ending.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the sandbox's business."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As in uvicorn, but it is the sandbox that accepts: it knows what to do when descriptors run out."""

        made: Any = self.config.http_protocol_class
        protocols = partial(made, config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        taking = [await accept(protocols, each, self.config.backlog) for each in sockets or ()]
        self.servers: list[Any] = taking  # whose close() is called at the end
        self.started = True

    async def main_loop(self) -> None:
        """Keep the time of the `Date` header; wake up for nothing else."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._ending.wait()


class _Bounded(_Base):  # type: ignore[misc]  # chosen at run time
    """uvicorn's protocol, but the head of a request is bounded in time and, where h11 does not do that, in size."""

    patience: float

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        if ends(transport)[0] == UNIX:  # of which uvicorn says nothing
            self.client = UNIX, 0
        self._in_head = False
        self._head = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._drop_deadline()
        else:
            self._set_deadline()
        self._head = self._head + len(data) if self._in_head else 0
        if self._head > HEAD_LIMIT:
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._drop_deadline()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """httptools alone calls this, and the next: it takes a head of any size."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.patience, self.transport.close)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
