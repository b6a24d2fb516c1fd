"""One IMAP conversation: commands in, responses out. It knows no sockets; see `mailtrap.driver`."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from mailtrap.bus import Event
from mailtrap.faults import Action, Told
from mailtrap.faulty import Faulty
from mailtrap.imap import faulted, literals, shown
from mailtrap.imap.capabilities import capabilities
from mailtrap.imap.errors import Bad, BadSyntax, NoMessage, Refused, refused
from mailtrap.imap.grammar import Reader, is_http, tag_of
from mailtrap.imap.heard import Heard
from mailtrap.imap.registry import (
    AUTHENTICATED,
    COMMANDS,
    NOT_AUTHENTICATED,
    SELECTED,
    Command,
    State,
)
from mailtrap.imap.responses import WAIT, status
from mailtrap.imap.selected import Selected
from mailtrap.imap.wire import Announced, TooLong, Wire
from mailtrap.imap.wire import Command as Pieces
from mailtrap.imap.world import World as World
from mailtrap.logins import Login
from mailtrap.sasl import offered
from mailtrap.transcript import Transcript

JUNK_LIMIT = 100
"""So many commands without sense, and the session ends."""


class Session(Faulty):
    """One client. What it may do next is its state (RFC 9051 §3): logged in or not, a mailbox selected or not."""

    world: World
    fired: tuple[Action, ...] | None = None
    """The faults of a command that is not complete yet."""
    stale: bool = False
    """A fault has this command tell another UIDVALIDITY than the true one."""
    altering: Told = ()
    """How a fault has this command tell capabilities otherwise."""

    def __init__(self, world: World, *, peer: str = "", local: str = "", tls: str | None = None) -> None:
        self.world = world
        self.store = world.store
        self.tls = tls
        self.transcript = Transcript("imap", peer, local)
        self.closing = False
        self.starting_tls = False
        self.blocking = False
        self.login: Login | None = None
        self.selected: Selected | None = None
        self.mailbox: int | None = None
        """The mailbox whose events it wants to hear."""
        self.enabled: set[str] = set()
        self.tag = b"*"
        """Of the command that is being carried out."""
        self.command = ""
        """Its name."""
        self.by_uid = False
        """It came as ``UID …``."""
        self.idling = False
        self._heard: Heard | None = None
        self._wire = Wire(world.line_limit)
        self._busy = False
        self._junk = 0
        self._conversation = self._converse()

    # -- what the driver uses

    @property
    def wants_more(self) -> bool:
        """Whether a command has begun that is not complete."""
        return self._wire.wants_more

    @property
    def idle_limit(self) -> float:
        """Seconds that a client may be silent, in IDLE too (RFC 9051 §5.4)."""
        return self.world.idle

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
        code = f"CAPABILITY {' '.join(self.capabilities())}"
        yield self._said(status(b"*", "OK", f"{self.world.hostname} is ready", code))

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Octets came in: carry out every command that is complete."""
        self._wire.feed(data)
        self._busy = True
        try:
            yield from self._go_on()
            yield from self._news()
        finally:
            self._busy = False

    def notify(self, event: Event) -> Iterator[bytes]:
        """Something was committed that may concern the mailbox."""
        heard, selected = self._heard, self.selected
        if heard is None:
            return
        heard.hear(event)
        if self._busy or selected is None:
            return
        selected.listen()
        self._busy = True  # what comes while the client does not read waits its turn
        try:
            yield from self._news()
        finally:
            self._busy = False

    def secured(self, version: str) -> None:
        """TLS is up: what was said before it counts no more (RFC 9051 §6.2.1)."""
        self._wire.clear()
        self.tls = version
        self.starting_tls = False

    def eof(self) -> Iterator[bytes]:
        """The client will say no more."""
        self.closing = True
        yield from ()

    def dismiss(self, text: str) -> Iterator[bytes]:
        """Say goodbye without having been asked to."""
        self.closing = True
        yield self._said(status(b"*", "BYE", text))

    def ended(self) -> None:
        """The connection is closed: let go of everything."""
        self.deselect()
        self.idling = False
        self._conversation.close()

    # -- what commands use

    @property
    def state(self) -> State:
        """The state of the session."""
        if self.login is None:
            return NOT_AUTHENTICATED
        return SELECTED if self.selected else AUTHENTICATED

    @property
    def rev2(self) -> bool:
        """The client has enabled IMAP4rev2."""
        return "IMAP4REV2" in self.enabled

    @property
    def account(self) -> Login:
        """Who is logged in."""
        if self.login is None:
            raise Bad("log in first")
        return self.login

    @property
    def mailbox_selected(self) -> Selected:
        """The mailbox that is selected."""
        if self.selected is None:
            raise Bad("select a mailbox first")
        return self.selected

    @property
    def may_log_in(self) -> bool:
        """Whether credentials are taken on this connection."""
        return self.tls is not None or not self.world.login_disabled

    @property
    def mechanisms(self) -> list[str]:
        """The mechanisms of SASL that can be used."""
        return offered(has_passwords=self.world.accounts.has_passwords)

    def capabilities(self) -> list[str]:
        """What is offered in this state."""
        return capabilities(self)

    def uidvalidity(self, true: int) -> int:
        """What this client is told a mailbox's UIDVALIDITY is."""
        return true + faulted.STALE if self.stale else true

    def enter(self, login: Login) -> Iterator[bytes]:
        """Log in, unless a fault is in the way."""
        if self.world.faults.active:
            yield from faulted.logging_in(self, login)
        self.login = login

    def line(self) -> Generator[bytes, None, bytes]:
        """The client's next line, whatever is in it. To be used with ``yield from``."""
        try:
            while (line := self._wire.line()) is None:
                yield WAIT
        except TooLong:
            raise Bad("the line is too long", "TOOBIG") from None
        return line

    def in_pool(self) -> Iterator[bytes]:
        """What follows may take long: ``yield from session.in_pool()`` and, behind it, `in_loop`."""
        self.blocking = True
        yield b""

    def in_loop(self) -> Iterator[bytes]:
        """What follows takes no time."""
        if self.blocking:
            self.blocking = False
            yield b""

    def watch(self, mailbox: int) -> Iterator[bytes]:
        """From now on, hear of what is committed to *mailbox*; only then look at it, and miss nothing."""
        self.deselect()
        self._heard = Heard(mailbox)
        self.mailbox = mailbox
        yield b""

    def select(self, *, read_only: bool) -> Selected:
        """Take a picture of the mailbox that is being watched."""
        if self._heard is None:
            raise RuntimeError("watch the mailbox first")
        recents = self.world.recents
        self.selected = Selected(self.store, recents, self._heard, read_only=read_only, rev2=self.rev2)
        return self.selected

    def deselect(self) -> None:
        """No mailbox is selected any more."""
        self.selected = self.mailbox = self._heard = None

    def leave(self, text: str) -> bytes:
        """The goodbye of LOGOUT; nothing is carried out after it."""
        self.closing = True
        return status(b"*", "BYE", text)

    # -- the conversation

    def _go_on(self) -> Iterator[bytes]:
        for chunk in self._conversation:
            if chunk is WAIT:
                return
            yield self._said(chunk)

    def _converse(self) -> Generator[bytes, None, None]:
        while (command := (yield from self._next_command())) is not None:
            yield from self._carry_out(command)
            while self.starting_tls:
                yield WAIT

    def _next_command(self) -> Generator[bytes, None, Pieces | None]:
        """The next command that is complete; None where the session is over, whatever has come behind."""
        while not self.stopped:
            try:
                found = self._wire.next()
            except TooLong as error:
                yield from self._refuse(tag_of(error.start), Bad("the command is too long", "TOOBIG"))
                if error.goes_on:
                    yield self.leave("a literal follows that nobody can tell from commands")
                continue
            if found is None:
                yield WAIT
            elif isinstance(found, Announced):
                yield from self._answer_announced(found)
            else:
                return found
        return None

    def _answer_announced(self, announced: Announced) -> Iterator[bytes]:
        """Let a literal come, or refuse it before it does."""
        first = self._wire.pieces[0]
        text = first if isinstance(first, bytes) else b""
        refusal = literals.refusal(self, announced.size, text, self._wire.literals)
        if refusal is None and announced.waits and self.world.faults.active:
            refusal = yield from faulted.foreseen(self, text)
            if self.stopped:
                return
        if refusal is None:
            self._wire.accept()
            if announced.waits:
                yield b"+ go on\r\n"
            return
        tag = tag_of(text)
        self.transcript.add("-", b"a literal of %d octets was refused" % announced.size)
        if self._wire.refuse():
            yield from self._refuse(tag, refusal)
        else:  # RFC 7888 §4: it comes all the same, and is not read
            yield status(tag, refusal.condition, refusal.text, refusal.code)
            yield self.leave("a literal is too large")

    def _carry_out(self, pieces: Pieces) -> Iterator[bytes]:
        """One command, to its tagged response."""
        self.transcript.add("C", shown.command(pieces))
        reader = Reader(pieces, utf8=self.rev2, is_secret=self.login is None and shown.is_secret(pieces))
        self.tag = tag = tag_of(pieces[0] if isinstance(pieces[0], bytes) else b"")
        self.by_uid = False
        if self.login is None and is_http(pieces[0]):
            yield self.leave("this is an IMAP server, not an HTTP server")
            return
        try:
            command = self._understood(reader)
        except Refused as error:
            yield from self._refuse(tag, error)
            return
        yield from self._run(tag, command, reader)

    def _understood(self, reader: Reader) -> Command:
        tag = reader.tag()
        try:
            reader.space()
            name = reader.keyword()
            if name == "UID":
                reader.space()
                name, self.by_uid = reader.keyword(), True
        except BadSyntax:
            raise BadSyntax(f"expected a command behind the tag {tag}") from None
        command = COMMANDS.get(name)
        if command is None or (self.by_uid and not command.by_uid):
            raise BadSyntax(f"there is no command {'UID ' if self.by_uid else ''}{name}")
        if self.state < command.in_state or (command.in_state is NOT_AUTHENTICATED and self.login):
            raise Bad(_WRONG_STATE[command.in_state])
        return command

    def _run(self, tag: bytes, command: Command, reader: Reader) -> Iterator[bytes]:
        failure, done, before = None, None, self.selected
        self.command, responses = command.name, command.run(self, reader)
        if self.world.faults.active or self.fired is not None:
            responses = faulted.carried_out(self, command, responses)
        try:
            if command.blocking:
                yield from self.in_pool()
            done = yield from responses
        except faulted.Left:
            yield from self.in_loop()
            return
        except Exception as error:
            failure = refused(error)
        yield from self.in_loop()
        # Clients take an EXPUNGE for one of the mailbox that they know, not of the one that is being selected.
        expunges = self.selected is before and (self.by_uid or not command.uses_sequence)
        yield from self._changes(expunges=expunges)
        if failure is not None:
            yield from self._refuse(tag, failure)
            return
        name = f"UID {command.name}" if self.by_uid else command.name
        yield status(tag, "OK", (done and done.text) or f"{name} completed", done.code if done else "")

    def _begun(self, stage: str) -> Iterator[bytes]:
        if self.world.faults.active and not self.stopped:
            yield from faulted.begun(self, stage)

    def _news(self) -> Iterator[bytes]:
        """In IDLE, all that there is to tell, and what is committed meanwhile."""
        told = False
        while self.idling and (self._heard or not told):
            yield from map(self._said, self._changes(expunges=True))
            told = True

    def _changes(self, *, expunges: bool) -> Iterator[bytes]:
        if self.selected is not None:
            try:
                yield from self.selected.changes(expunges=expunges)
            except Exception as error:  # what could not be read is told when it can
                refused(error)

    def _refuse(self, tag: bytes, failure: Refused) -> Iterator[bytes]:
        self.fired = None
        yield status(tag, failure.condition, failure.text, failure.code)
        if failure.condition == "BAD" and not isinstance(failure, NoMessage):
            self._junk += 1
            if self._junk >= JUNK_LIMIT:
                yield self.leave("too many commands that make no sense")

    def _said(self, chunk: bytes) -> bytes:
        if chunk:
            self.transcript.add("S", shown.response(chunk))
        return chunk


_WRONG_STATE = {
    NOT_AUTHENTICATED: "you are logged in already",
    AUTHENTICATED: "log in first",
    SELECTED: "select a mailbox first",
}
