"""Every kind of port, and what serves it in the loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mailtrap import ports
from mailtrap.accepting import Acceptor, Load, accept

if TYPE_CHECKING:
    from mailtrap.engine import Make
    from mailtrap.hub import Hub
    from mailtrap.sandbox import Sandbox
    from mailtrap.server import Server
    from mailtrap.smtp.server import Factory
    from mailtrap_web.asgi import Http

Sockets = Sequence[socket.socket]
Protocols = Callable[[], asyncio.BaseProtocol]


class Kind(NamedTuple):
    """A protocol, and how it goes together with TLS at a port."""

    protocol: str
    starttls: bool = False
    """Clients may begin TLS, whatever the settings say."""
    at_once: bool = False
    """They must, before anything else (RFC 8314 §3)."""
    lmtp: bool = False
    """It is SMTP's local variant (RFC 2033)."""


PORTS = {
    "smtp": Kind("smtp"),
    "submission": Kind("smtp", starttls=True),
    "smtps": Kind("smtp", at_once=True),
    "lmtp": Kind("smtp", lmtp=True),
    "pop3": Kind("pop3"),
    "pop3s": Kind("pop3", at_once=True),
    "imap": Kind("imap"),
    "imaps": Kind("imap", at_once=True),
    "http": Kind("http"),
}
"""Every port, by the name of its setting."""


class Listeners:
    """The open ports of a sandbox. What several ports of a protocol share is made with the first. Used in the loop.

    POP3 and IMAP are imported with the first connection: in a thread, since that takes many times as long as all else
    that the loop does at once.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._open: list[Acceptor | asyncio.Server] = []
        self._hub: Hub | None = None
        self._smtp: Factory | None = None
        self._servers: dict[str, Server] = {}
        self._engines: dict[str, Callable[[bool], Make]] = {}
        self._http: list[Http] = []

    async def open(self, name: str, sockets: Sockets) -> None:
        """Serve the port *name* at *sockets*."""
        if name == "http":
            self._serve_http(list(sockets))
            return
        kind = PORTS[name]
        protocols, load = self._protocols(kind), LOAD.get(kind.protocol)
        self._open += [await accept(protocols, each, ports.BACKLOG, load) for each in sockets]

    async def close(self) -> None:
        """Accept no more anywhere, let what is under way finish, and close."""
        for each in self._open:
            each.close()
        ending = [each.stop() for each in self._http] + [each.shutdown() for each in self._servers.values()]
        ending += [self._smtp.shutdown()] if self._smtp else []
        await asyncio.gather(*ending)
        if self._hub is not None:
            self._hub.close()

    def _protocols(self, kind: Kind) -> Protocols:
        settings = self._sandbox.settings
        starttls = not kind.at_once and (kind.starttls or settings.starttls or settings.cert_file is not None)
        if kind.protocol == "smtp":
            return self._smtp_factory().listener(starttls=starttls, at_once=kind.at_once, lmtp=kind.lmtp)
        return self._when_needed(kind, starttls)

    def _when_needed(self, kind: Kind, starttls: bool) -> Protocols:
        """What serves POP3 or IMAP at a port, made with the first connection."""
        begin: Protocols | None = None

        def protocol() -> asyncio.BaseProtocol:
            nonlocal begin
            if begin is None:
                begin = self._begin(kind, starttls)
            return begin()

        return protocol

    def _begin(self, kind: Kind, starttls: bool) -> Protocols:
        make = self._engine(kind.protocol)(starttls)
        return self._server(kind.protocol).listener(make, self._sandbox.tls, at_once=kind.at_once)

    def _engine(self, protocol: str) -> Callable[[bool], Make]:
        if protocol not in self._engines:
            self._engines[protocol] = ENGINES[protocol](self._sandbox)
        return self._engines[protocol]

    def _server(self, protocol: str) -> Server:
        from mailtrap.hub import Hub
        from mailtrap.server import Server

        sandbox = self._sandbox
        if self._hub is None:
            self._hub = Hub(sandbox.bus)
        if protocol not in self._servers:
            self._servers[protocol] = Server(
                store=sandbox.store,
                hub=self._hub,
                clock=sandbox.clock,
                connections=sandbox.settings.connections,
                command_timeout=sandbox.settings.command_timeout,
            )
        return self._servers[protocol]

    def _smtp_factory(self) -> Factory:
        if self._smtp is None:
            from mailtrap.lines import LIMIT
            from mailtrap.smtp.server import Factory

            settings = self._sandbox.settings
            self._smtp = Factory(
                store=self._sandbox.store,
                current=self._sandbox.current,
                tls=self._sandbox.tls,
                clock=self._sandbox.clock,
                faults=self._sandbox.faults,
                returns=self._sandbox.returns,
                held=self._sandbox.held,
                hostname=settings.hostname,
                accounts=self._sandbox.accounts,
                policies=self._sandbox.policies,
                recipients=settings.recipients_limit,
                connections=settings.connections,
                idle=settings.smtp_timeout,
                line=settings.command_timeout,
                line_limit=settings.line_limit or LIMIT,
                trust_xclient=settings.trust_xclient,
                proxy_protocol=settings.proxy_protocol,
            )
        return self._smtp

    def _serve_http(self, sockets: list[socket.socket]) -> None:
        from mailtrap_web.asgi import Http
        from mailtrap_web.world import World

        sandbox, settings = self._sandbox, self._sandbox.settings
        world = World(
            store=sandbox.store,
            current=sandbox.current,
            clock=sandbox.clock,
            faults=sandbox.faults,
            accounts=sandbox.accounts,
            ca_pem=sandbox.tls.ca_pem,
            addresses={name: found[0] for name, found in sandbox.addresses.items()},
            url=settings.url,
            hostname=settings.hostname,
            allowed_hosts=settings.allowed_host,
            json_limit=settings.json_limit,
            import_limit=settings.import_limit,
            connections=settings.http_connections,
            patience=settings.command_timeout,
        )
        http = Http(world, sockets)
        http.start()
        self._http.append(http)


def _pop3(sandbox: Sandbox) -> Callable[[bool], Make]:
    from mailtrap.pop3.session import LINE, Session, World

    settings = sandbox.settings
    world = World(
        store=sandbox.store,
        current=sandbox.current,
        hostname=settings.hostname,
        line_limit=settings.line_limit or LINE,
        idle=settings.pop3_timeout,
        strict_stuffing=settings.pop3_strict_stuffing,
        locking=settings.pop3_locking,
        faults=sandbox.faults,
        login_disabled=settings.login_needs_tls,
        accounts=sandbox.accounts,
    )
    return lambda starttls: partial(Session, replace(world, starttls=starttls))


def _imap(sandbox: Sandbox) -> Callable[[bool], Make]:
    from mailtrap.imap.session import Session, World
    from mailtrap.imap.wire import LINE

    settings = sandbox.settings
    world = World(
        store=sandbox.store,
        current=sandbox.current,
        hostname=settings.hostname,
        size_limit=settings.size_limit,
        line_limit=settings.line_limit or LINE,
        literal_limit=settings.literal_limit,
        idle=settings.imap_timeout,
        faults=sandbox.faults,
        login_disabled=settings.login_needs_tls,
        accounts=sandbox.accounts,
    )
    return lambda starttls: partial(Session, replace(world, starttls=starttls))


def _load_pop3() -> None:
    import mailtrap.pop3.session
    import mailtrap.server  # noqa: F401 - for the side effect: in the loop they are there at once


def _load_imap() -> None:
    import mailtrap.imap.session
    import mailtrap.server  # noqa: F401 - the same


ENGINES = {"pop3": _pop3, "imap": _imap}
"""The protocols that know no sockets."""

LOAD: dict[str, Load] = {"pop3": _load_pop3, "imap": _load_imap}
"""What imports them, when the first client comes."""
