"""An SMTP server: its limits, and all of its sessions from the first to the last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import mailtrap.smtp.commands  # noqa: F401 - they register themselves, and again where sys.modules lost them
from mailtrap.clock import Clock
from mailtrap.configured import Accounts
from mailtrap.current import Current
from mailtrap.faults import Faults
from mailtrap.held import Held
from mailtrap.lines import LIMIT
from mailtrap.logins import Logins
from mailtrap.peers import Network
from mailtrap.returns import Returns
from mailtrap.smtp import reply
from mailtrap.smtp.connection import Port
from mailtrap.smtp.handler import Handler
from mailtrap.smtp.policy import Policies
from mailtrap.smtp.session import SMTP
from mailtrap.store import Store
from mailtrap.tcp import BUFFER
from mailtrap.tls import Tls
from mailtrap.transcript import Transcript

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server calls itself, and how far it goes. Sizes are octets, times are seconds."""

    hostname: str
    recipients: int
    connections: int
    idle: float
    line: float
    line_limit: int


class Factory:
    """All sessions of one server: what ``loop.create_server`` calls for every connection.

    The same factory may serve several sockets, and ports (`listener`); its limits then hold for all together.
    """

    def __init__(
        self,
        *,
        store: Store,
        current: Current,
        policies: Policies | None = None,
        hostname: str = "sandbox.localhost",
        recipients: int = 1000,
        connections: int = 2000,
        idle: float = 300.0,
        line: float = 30.0,
        line_limit: int = LIMIT,
        tls: Tls | None = None,
        clock: Clock | None = None,
        faults: Faults | None = None,
        returns: Returns | None = None,
        held: Held | None = None,
        accounts: Accounts | None = None,
        trust_xclient: Iterable[Network] = (),
        proxy_protocol: Iterable[Network] = (),
        starttls: bool = False,
        lmtp: bool = False,
    ) -> None:
        """*line*: how many seconds a client may take to finish a line it has begun, or a TLS handshake.
        *line_limit*: how long that may be.

        *starttls*: clients may begin TLS at the port that is served by the factory itself; *lmtp*: they speak LMTP.
        """
        self.limits: Limits = Limits(hostname, recipients, connections, idle, line, line_limit)
        self.current = current
        self.accounts = accounts or Accounts()
        self.logins = Logins(store, current, self.accounts)
        self.policies = policies or Policies()
        self.tls = tls or Tls()
        self.clock = clock or Clock()
        self.faults = faults or Faults(self.clock)
        returns = returns or Returns(store, self.clock, hostname)
        self.handler = Handler(store, current, self.policies, returns, held or Held(store, self.clock))
        self.speakers = tuple(trust_xclient)
        """Whose XCLIENT is believed."""
        self.proxies = tuple(proxy_protocol)
        """Who says first whose connection it passes on."""
        self.buffer = memoryview(bytearray(BUFFER))
        self.stopping = False
        self._store = store
        self._sessions: dict[SMTP, asyncio.Task[None]] = {}
        self._patrol: asyncio.TimerHandle | None = None
        self._port = Port(starttls, lmtp=lmtp)

    def __call__(self) -> SMTP:
        """The session of a new connection."""
        return SMTP(self, self._port)

    def listener(self, *, starttls: bool = False, at_once: bool = False, lmtp: bool = False) -> Callable[[], SMTP]:
        """The same for another port, at which clients may begin TLS, or do so *at_once*, or speak LMTP."""
        port = Port(starttls, at_once, lmtp)
        return lambda: SMTP(self, port)

    def admit(self, session: SMTP) -> None:
        """Let a connected session begin, or turn it away."""
        self._tell(self._store.open_session, session)
        if self.stopping:
            self._turn_away(session, reply.SHUTTING_DOWN)
        elif len(self._sessions) >= self.limits.connections:
            self._turn_away(session, reply.TOO_MANY_CONNECTIONS)
        else:
            self._sessions[session] = session.loop.create_task(session.converse())
            if self._patrol is None:
                self._look_after(session.loop)

    def dismissed(self, session: SMTP) -> None:
        """A session ended."""
        self._sessions.pop(session, None)
        self._tell(self._store.close_session, session)

    async def shutdown(self, grace: float = 10.0) -> None:
        """Let whoever is in a transaction finish it, for *grace* seconds at most, and dismiss all others."""
        self.stopping = True
        farewell = reply.SHUTTING_DOWN.format(hostname=self.limits.hostname)
        for patience, everybody in ((grace, False), (1.0, True)):
            for session in tuple(self._sessions):
                if everybody or session.transaction is None:
                    session.dismiss(farewell)
                session.hurry()
            if self._sessions:
                await asyncio.wait(self._sessions.values(), timeout=patience)
        for task in tuple(self._sessions.values()):
            task.cancel()
        if self._patrol is not None:
            self._patrol.cancel()

    def _turn_away(self, session: SMTP, farewell: str) -> None:
        octets = farewell.format(hostname=self.limits.hostname).encode() + b"\r\n"
        if session.port.at_once:  # it would have to speak TLS to tell
            session.transcript.add("-", b"closed before TLS: " + octets)
        else:
            session.transcript.add("S", octets)
            session.transport.write(octets)
        session.transport.close()
        self._tell(self._store.close_session, session)

    def _tell(self, what: Callable[[Transcript], None], session: SMTP) -> None:
        try:
            what(session.transcript)
        except Exception as error:  # no reason to turn anybody away
            log.warning("a transcript could not be kept: %s", error)

    def _look_after(self, loop: asyncio.AbstractEventLoop) -> None:
        """Dismiss who is late; again and again, while there are sessions: one timer for all of them."""
        now = loop.time()
        farewell = reply.TIMEOUT.format(hostname=self.limits.hostname)
        for session in tuple(self._sessions):
            if session.is_late(now):
                session.dismiss(farewell)
        pause = min(5.0, self.limits.idle / 4, self.limits.line / 4)
        self._patrol = loop.call_later(pause, self._look_after, loop) if self._sessions else None
