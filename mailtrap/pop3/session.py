"""One POP3 conversation (RFC 1939): octets in, octets out. It knows no sockets; see `mailtrap.driver`."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from secrets import token_hex

import mailtrap.pop3.authorization
import mailtrap.pop3.transaction  # noqa: F401 - they register their commands, and again where sys.modules lost them
from mailtrap.bus import Deleted, Emptied, Event
from mailtrap.clock import Clock
from mailtrap.configured import Accounts
from mailtrap.current import Current
from mailtrap.engine import PROJECT_DELETED
from mailtrap.errors import NotFound
from mailtrap.faults import Faults
from mailtrap.faulty import Faulty
from mailtrap.lines import HTTP, Lines, LineTooLong
from mailtrap.logins import Login, Logins
from mailtrap.pop3 import faulted
from mailtrap.pop3.errors import Bad, BrokenOff, Refused, answer, err
from mailtrap.pop3.maildrop import Maildrop, Reading
from mailtrap.pop3.registry import AUTHORIZATION, COMMANDS, TRANSACTION
from mailtrap.pop3.seen import Seen
from mailtrap.sasl import Claim
from mailtrap.store import Store
from mailtrap.transcript import MASKED, Transcript

log = logging.getLogger(__name__)

JUNK_LIMIT = 100
"""So many commands without sense, and the session ends."""

LINE = 2048
"""Octets of a command without its end. RFC 2449 §4 has 253, which names with a project before them may need more of."""

LARGE = 2000
"""A maildrop with more messages is looked through in a thread."""

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_CREDENTIALS = re.compile(rb"(\s*(?:PASS|APOP\s+\S+|AUTH\s+\S+)[^\w])\s*\S", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class World:
    """What all sessions of a server have in common. Sizes are octets, times are seconds."""

    store: Store
    current: Current
    hostname: str = "sandbox.localhost"
    idle: float = 600.0
    line_limit: int = LINE
    idle_before_login: float = 60.0
    starttls: bool = False
    """STLS is offered where the connection is not secured."""
    login_disabled: bool = False
    """Nobody logs in before the connection is secured (RFC 2595 §2.2)."""
    strict_stuffing: bool = False
    """Dots are doubled after CRLF alone."""
    locking: bool = False
    """A maildrop is for one session at a time (RFC 1939 §4); others are refused with [IN-USE]."""
    in_use: set[tuple[int, str]] = field(default_factory=set)
    faults: Faults = field(default_factory=lambda: Faults(Clock()))
    accounts: Accounts = field(default_factory=Accounts)

    @property
    def logins(self) -> Logins:
        """The way in."""
        return Logins(self.store, self.current, self.accounts)


class Session(Faulty):
    """One client. What it may do next is its state: `TRANSACTION` from log-in on."""

    world: World

    def __init__(self, world: World, *, peer: str = "", local: str = "", tls: str | None = None) -> None:
        self.world = world
        self.tls = tls
        self.transcript = Transcript("pop3", peer, local)
        self.closing = False
        self.starting_tls = False
        self.blocking = False
        self.wants_more = False
        self.mailbox: int | None = None
        """The INBOX, whose events it wants to hear."""
        self.login: Login | None = None
        self.user: str | None = None
        """What USER said."""
        self.timestamp = f"<{token_hex(8)}.{int(time.time())}@{world.hostname}>"
        """What APOP's digest is of (RFC 1939 §7)."""
        self.verb = ""
        """The command that is being carried out."""
        self.exchange: Callable[[bytes], Iterator[bytes]] | None = None
        """AUTH is under way: the next line is no command, and this is its answer."""
        self.state = AUTHORIZATION
        self.maildrop = Maildrop()
        self.reading = Reading(world.store, self.maildrop)
        self.seen: Seen | None = None
        self._lines = Lines(world.line_limit)
        self._junk = 0

    # -- what the driver uses

    @property
    def idle_limit(self) -> float:
        """Seconds that a client may be silent (RFC 1939 §3: at least ten minutes, once it is logged in)."""
        return self.world.idle if self.state is TRANSACTION else self.world.idle_before_login

    @property
    def project(self) -> int | None:
        """The project it is logged in to."""
        return self.login.project if self.login else None

    def connected(self, *, at_once: bool) -> Iterator[bytes]:
        """What happens before the greeting, and before TLS if that comes first; then nobody hears of it."""
        for stage in ("connect", "starttls") if at_once else ("connect",):
            for chunk in self._begun(stage):
                yield b"" if at_once else self._said(chunk)

    def greet(self) -> Iterator[bytes]:
        """The first that a client hears."""
        yield from map(self._said, self._begun("banner"))
        if self.stopped:
            return
        yield self._said(f"+OK {self.world.hostname} POP3 mailtrap-sandbox {self.timestamp}\r\n".encode())

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Octets came in: carry out every command that is complete."""
        self._lines.feed(data)
        while not (self.stopped or self.starting_tls) and self._lines.ready():
            yield from self._answer_one()
        self.wants_more = len(self._lines) > 0

    def notify(self, event: Event) -> Iterator[bytes]:
        """Nothing is said of it; but what was read ahead may be gone."""
        match event:
            case Deleted():
                self.reading.forget()
            case Emptied(floor=floor):
                self.reading.forget(floor)
        return iter(())

    def secured(self, version: str) -> None:
        """TLS is up: what was said before it counts no more (RFC 2595 §4)."""
        self._lines.clear()
        self.wants_more = self.starting_tls = False
        self.user = None
        self.tls = version

    def eof(self) -> Iterator[bytes]:
        """The client says no more. What it marked as deleted stays: that takes a QUIT (RFC 1939 §6)."""
        self.closing = True
        return iter(())

    def dismiss(self, text: str) -> Iterator[bytes]:
        """Say goodbye without having been asked to; nothing is removed (RFC 1939 §3).

        A client that was silent for too long should, by that section, not even be told. It is: whoever debugs one
        sees why.
        """
        self.closing = True
        code = "SYS/PERM" if text == PROJECT_DELETED else "SYS/TEMP"  # RFC 3206 §3: whether trying again may help
        yield self._said(err(f"[{code}] {text}"))

    def ended(self) -> None:
        """The connection is closed: let go of everything."""
        if self.seen is not None:
            self.seen.flush()
        self.leave()

    # -- what commands use

    @property
    def may_log_in(self) -> bool:
        """Whether credentials are taken on this connection."""
        return self.tls is not None or not self.world.login_disabled

    def enter(self, claim: Claim) -> Iterator[bytes]:
        """Log in, and look into the maildrop."""
        login = yield from self.world.logins.log_in_after_pause(claim, self, self.transcript.peer)
        if self.world.faults.active:
            yield from faulted.logging_in(self, login)
        self._lock(login)
        self.login = login
        try:
            yield from self._open(login)
        except BaseException:
            self.leave()
            raise
        self.state = TRANSACTION

    def leave(self) -> None:
        """Be as before log-in."""
        if self.login is not None and self.world.locking:
            self.world.in_use.discard((self.login.project, self.login.account))
        self.login = self.mailbox = self.seen = self.user = None
        self.state = AUTHORIZATION
        self.maildrop = Maildrop()
        self.reading = Reading(self.world.store, self.maildrop)

    def retrieved(self, number: int) -> None:
        """A message was given whole."""
        if self.seen is not None and not self.maildrop.seen[number - 1]:
            self.maildrop.seen[number - 1] = True
            self.seen.mark(self.maildrop.uids[number - 1])

    def in_thread(self) -> Iterator[bytes]:
        """What comes next may take long."""
        self.blocking = True
        yield b""

    def remark(self, text: str) -> None:
        """Note what a transcript does not show."""
        self.transcript.add("-", text.encode())

    def _lock(self, login: Login) -> None:
        if self.world.locking:
            maildrop = (login.project, login.account)
            if maildrop in self.world.in_use:
                raise Refused("[IN-USE] Another session has this maildrop")  # RFC 2449 §8.1.2
            self.world.in_use.add(maildrop)

    def _open(self, login: Login) -> Iterator[bytes]:
        store = self.world.store
        try:
            inbox = store.mailbox(login.project, login.account)
        except NotFound:  # nobody has heard of it, and a log-in makes nothing
            return
        if inbox.messages > LARGE:
            yield from self.in_thread()
        self.mailbox = inbox.id
        self.maildrop = Maildrop(inbox.id)
        self.reading = Reading(store, self.maildrop)
        yield from self.maildrop.load(store)
        self.seen = Seen(store, inbox.id)

    # -- the command loop

    def _answer_one(self) -> Iterator[bytes]:
        shown = False
        try:
            for chunk in self._carry_out_next():
                if chunk and not shown:  # of several lines the first is enough
                    self._said(chunk[: chunk.find(b"\n") + 1] or chunk)  # a fault may cut the first
                    shown = True
                yield chunk
        except faulted.Ended:
            pass
        except BrokenOff as error:
            self.remark(f"broken off: {error}")
            self.closing = True
        except Exception as error:
            response = answer(error)
            if shown:  # in the middle of a response there is no place for another
                self.remark("broken off")
                self.closing = True
                return
            yield self._said(response)
            if isinstance(error, Bad):
                yield from self._count_junk()
        finally:
            was_blocking, self.blocking = self.blocking, False
        if was_blocking:
            yield b""

    def _carry_out_next(self) -> Iterator[bytes]:
        exchange, self.exchange = self.exchange, None
        try:
            line = self._lines.take(in_exchange=exchange is not None)
        except LineTooLong as error:
            raise Bad(f"{error}") from None
        if exchange is not None:
            self.transcript.add("C", MASKED)
            return exchange(line)
        self._note(line)
        return self._carry_out(line)

    def _carry_out(self, line: bytes) -> Iterator[bytes]:
        if _CONTROL.search(line):
            raise Bad("Control characters are not allowed in a command")
        verb, _, argument = line.decode("utf-8", "surrogateescape").lstrip(" \t").partition(" ")
        if verb.upper() != "PASS":  # RFC 1939 §7: there, spaces are a part of the password
            argument = argument.strip(" \t")
        command = COMMANDS.get(verb.upper())
        if command is None:
            if verb.upper() in HTTP:
                self.closing = True
                raise Refused("This port speaks POP3, not HTTP")
            raise Bad("Unknown command; CAPA lists what there is")
        if self.state not in command.state:
            raise Refused(f"{command.verb} is not allowed now{_HINTS[self.state]}")
        if argument and not command.takes_argument:
            raise Bad(f"{command.verb} takes no argument")
        self.verb, response = command.verb, command.run(self, argument)
        if self.world.faults.active and command.verb not in faulted.LOGINS:
            response = faulted.carried_out(self, command.verb, response)
        yield from response

    def _begun(self, stage: str) -> Iterator[bytes]:
        if self.world.faults.active and not self.stopped:
            yield from faulted.begun(self, stage)

    def _count_junk(self) -> Iterator[bytes]:
        self._junk += 1
        if self._junk >= JUNK_LIMIT:
            yield from self.dismiss("Too many errors")

    # -- the transcript

    def _note(self, line: bytes) -> None:
        known = _CREDENTIALS.match(line)
        self.transcript.add("C", known[1] + MASKED if known else line)

    def _said(self, response: bytes) -> bytes:
        if response:
            self.transcript.add("S", response)
        return response


_HINTS = {AUTHORIZATION: ": log in first", TRANSACTION: ": you are logged in"}
