"""Everything, running: builds store, bus, loop and listeners; start, stop, ports."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mailtrap import ports
from mailtrap.accounts import accounts_of
from mailtrap.bus import Bus
from mailtrap.clock import Clock
from mailtrap.configured import Accounts
from mailtrap.configuring import configured
from mailtrap.current import Current
from mailtrap.envelope import Address, Envelope
from mailtrap.errors import NotFound
from mailtrap.faults import Faults
from mailtrap.held import Held
from mailtrap.listeners import PORTS, Listeners
from mailtrap.loop import Loop
from mailtrap.message.facts import facts
from mailtrap.message.limits import LIMITS
from mailtrap.message.parse import Octets
from mailtrap.message.summary import Origin, Summary
from mailtrap.peers import is_path, place
from mailtrap.returns import Returns
from mailtrap.settings import Settings, read
from mailtrap.smtp.policy import Policies, Policy
from mailtrap.store import DEFAULT_PROJECT, Store
from mailtrap.store.records import NewMessage
from mailtrap.store.retention import Limits
from mailtrap.store.sqlite import KEEP, SqliteStore
from mailtrap.tls import Tls

if TYPE_CHECKING:
    from mailtrap.message.captured import Message

IN_CODE = Settings(smtp=0, submission=None, smtps=None, pop3=None, pop3s=None, imap=None, imaps=None, http=None)
"""What a sandbox is without any option, unless it is the command that makes it."""


class Sandbox:
    """A mail server for tests: it takes every message and sends none on.

    >>> with Sandbox() as sandbox:
    ...     message = sandbox.deliver(b"Subject: hi\\r\\n\\r\\nhello\\r\\n", rcpt_to=["ann@example.com"])
    ...     [message.subject for message in sandbox.messages()]
    ['hi']

    Made in code it takes a free port for SMTP, speaks nothing else unless asked (``imap=0, http=0``), and reads
    neither variables nor files: the options are those of `Settings`. It may be used from any thread.
    """

    bus: Bus
    store: Store
    loop: Loop
    current: Current
    clock: Clock
    faults: Faults
    accounts: Accounts
    """Who is configured: with a password, a state, a quota."""
    returns: Returns
    held: Held
    policies: Policies
    """What SMTP offers, and how strict it is: the same for everybody, or a project's own."""
    tls: Tls
    """Has the CA to trust: ``sandbox.tls.ca_pem()``."""

    def __init__(self, settings: Settings | None = None, /, **options: object) -> None:
        self.settings = replace(settings or IN_CODE, **read(options))
        self.addresses: dict[str, list[tuple[str, int]]] = {}
        """Every host and port in use, by protocol; of a Unix socket, its path and 0, as `smtplib.LMTP` takes them."""
        self._lock = threading.Lock()
        self._undo: ExitStack | None = None
        self._bound = ExitStack()
        """What closes the ports."""
        self._process = os.getpid()

    def start(self) -> Self:
        """Open the ports and the store, and serve. Does nothing if it runs already."""
        with self._lock:
            if self._undo is None:
                with ExitStack() as undo:
                    self._start(undo)
                    self._undo = undo.pop_all()
        return self

    def stop(self) -> None:
        """Accept no more, let what is in flight finish, and close. Does nothing if it does not run."""
        if os.getpid() != self._process:  # a forked child has inherited our state, but none of our threads
            return
        with self._lock:
            undo, self._undo = self._undo, None
            if undo is not None:
                undo.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def listen(self, protocol: str, port: int | Path = 0) -> tuple[str, int]:
        """Open a port for *protocol* while the sandbox runs, unless it has one; gives its `address`."""
        with self._lock:
            if self._undo is None:
                raise RuntimeError("the sandbox does not run")
            if protocol not in self.addresses:
                self.loop.run(self._listeners.open(protocol, self._bind(protocol, port)))
        return self.address(protocol)

    def address(self, protocol: str) -> tuple[str, int]:
        """The host and port at which to connect for *protocol*: ``smtp``, ``imaps``, ``http``, …

        For a Unix socket they are its path, which begins with ``/``, and 0.
        """
        try:
            return self.addresses[protocol][0]
        except KeyError:
            raise NotFound(f"this sandbox has no port for {protocol}") from None

    @property
    def smtp_port(self) -> int:
        """The port of SMTP."""
        return self._port("smtp")

    @property
    def pop3_port(self) -> int:
        """The port of POP3."""
        return self._port("pop3")

    @property
    def imap_port(self) -> int:
        """The port of IMAP."""
        return self._port("imap")

    @property
    def http_port(self) -> int:
        """The port of the inspector and the REST API."""
        return self._port("http")

    @property
    def url(self) -> str:
        """Where the inspector and the REST API are, without a slash at the end."""
        host, _ = self.address("http")
        return self.settings.url or f"http://{place(host, self.http_port)}"

    @property
    def exposed(self) -> list[str]:
        """The addresses in use that other machines may reach."""
        hosts = {host for addresses in self.addresses.values() for host, _ in addresses}
        return sorted(host for host in hosts if not (is_path(host) or ip_address(host).is_loopback))

    def messages(self) -> list[Message]:
        """All that is in the current project, oldest first."""
        newest_first: list[Summary] = []
        before: int | None = None
        while True:
            page = self.store.messages(self.current.project, before=before, limit=200)
            newest_first += page.summaries
            before = page.next
            if before is None:
                return [self.message(summary) for summary in reversed(newest_first)]

    def message(self, summary: Summary) -> Message:
        """The message that *summary* is of; its octets are read when they are asked for."""
        from mailtrap.message.captured import Message  # late: a server that nobody reads from starts without it

        return Message(summary, lambda: self.store.octets(summary.number))

    def deliver(
        self,
        octets: Octets,
        *,
        mail_from: str = "",
        rcpt_to: Iterable[str] = (),
        origin: Origin = "deliver",
        project: int | None = None,
    ) -> Message:
        """Put a message in, as if it had come by SMTP with this envelope; gives it as it was stored."""
        envelope = Envelope(Address(mail_from), tuple(Address(each) for each in rcpt_to))
        new = NewMessage(
            project=self.current.project if project is None else project,
            origin=origin,
            octets=octets,
            facts=facts(octets),
            envelope=envelope,
            accounts=accounts_of(envelope.rcpt_to),
        )
        return self.message(self.store.add(new).result())

    def _start(self, undo: ExitStack) -> None:
        self._process = os.getpid()
        ports.raise_descriptor_limit()
        LIMITS.become(
            depth=self.settings.mime_depth,
            parts=self.settings.mime_parts,
            header=self.settings.header_limit,
            addresses=self.settings.addresses_limit,
        )
        self._bound = undo.enter_context(ExitStack())  # closed last, when nobody accepts there any more
        settings = self.settings
        self.tls = Tls.of(settings)
        self.policies = Policies(_policy(settings))
        wanted = {name: port for name in PORTS if (port := getattr(settings, name)) is not None}
        bound = {name: self._bind(name, port) for name, port in wanted.items()}
        self.bus = Bus()
        self.store = SqliteStore(
            settings.data,
            bus=self.bus,
            temp_dir=settings.temp_dir,
            keep_octets=max(settings.keep_bytes or 0, KEEP),
            keep=Limits(settings.keep_messages, settings.keep_bytes, settings.keep_age),
            durable=settings.durable,
            compress=settings.compress,
        )
        undo.callback(self.store.close)
        self.current = Current(self.store.project(DEFAULT_PROJECT).id)
        self.bus.subscribe(self.current.hear)
        self.clock = Clock()
        self.clock.follow(self.store.advance)
        undo.callback(self.clock.close)
        self.faults = Faults(
            self.clock,
            address_faults=settings.address_faults,
            project=lambda name: self.store.project(name).id,
        )
        for rule in settings.fault:
            self.faults.add(rule)
        self.accounts = configured(self.store, settings)
        self.loop = Loop()
        self.loop.start()
        undo.callback(self.loop.stop)
        self.returns = Returns(self.store, self.clock, settings.hostname, lasting=settings.data is not None)
        undo.callback(self.returns.close)
        self.store.settle = self.loop.call
        self.returns.resume()
        self.held = Held(self.store, self.clock)
        self.held.resume()
        self._listeners = Listeners(self)
        undo.callback(lambda: self.loop.run(self._listeners.close()))
        for name, sockets in bound.items():
            self.loop.run(self._listeners.open(name, sockets))

    def _port(self, protocol: str) -> int:
        host, port = self.address(protocol)
        if is_path(host):
            raise NotFound(f"this sandbox has no port for {protocol}, but a Unix socket: {host}")
        return port

    def _bind(self, protocol: str, port: int | Path) -> list[socket.socket]:
        sockets = ports.listen(self.settings.host, port, protocol, self.settings.socket_access)
        for each in sockets:
            self._bound.callback(each.close)
        self.addresses[protocol] = [ports.address(each) for each in sockets]
        self._bound.callback(self.addresses.pop, protocol)
        return sockets


def _policy(settings: Settings) -> Policy:
    return Policy(
        profile=settings.smtp_profile,
        hide=frozenset(settings.smtp_hide),
        offer=frozenset(settings.smtp_offer),
        size=settings.size_limit,
        strict=settings.strict,
        auth_required=settings.auth == "required",
        login_needs_tls=settings.login_needs_tls,
    )
