"""What faults do to a session without sockets, as far as that is the same in every protocol."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from mailtrap.faults import Action, Asked, Certificate, Delay, Drop, Ending, Faults, Hang, Slow, Told
from mailtrap.pausing import Pausing
from mailtrap.peers import parts
from mailtrap.transcript import Transcript

if TYPE_CHECKING:
    from mailtrap.current import Current
    from mailtrap.logins import Login


class World(Protocol):
    """What is around a session that faults can happen to."""

    @property
    def faults(self) -> Faults:
        """Those that there are."""

    @property
    def current(self) -> Current:
        """The project of who is not logged in."""


class Faulty(Pausing):
    """A session that faults can happen to."""

    world: World
    transcript: Transcript
    closing: bool
    login: Login | None
    lasting: Told = ()
    """What was so when the connection began."""

    @property
    def stopped(self) -> bool:
        """Nothing more is carried out."""
        return self.closing or self.hanging

    def fire(
        self, stage: str, login: Login | None, *, only: tuple[type[Action], ...] = (Action,)
    ) -> tuple[Action, ...]:
        """What goes wrong at *stage*, a command or one of the connection. The transcript says so."""
        protocol, (host, _) = self.transcript.protocol, parts(self.transcript.peer)
        project, account = (login.project, login.account) if login else (self.world.current.project, "")
        name = "starttls" if stage in ("STLS", "STARTTLS") else stage
        actions = self.world.faults.fire(Asked(f"{protocol}.{name}", project, host, account=account), only=only)
        for each in actions:
            self.transcript.add("-", each.remark.encode())
        return actions

    def suffer(self, actions: Iterable[Action], *, cuts: bool = False) -> Generator[bytes, None, Action | None]:
        """Let happen what comes before an answer; gives what the protocol must answer itself, if anything.

        *cuts*: the answer can be cut; else it is, before its first octet.
        """
        for each in actions:
            match each:
                case Delay():
                    self.pause = each.seconds
                    yield b""
                case Slow():
                    self.pace = each.octets_per_second
                    yield b""
                case Certificate():
                    self.certificate = each.kind
                case Hang():
                    self.hanging = True
                    yield b""
                case Drop():
                    if each.after is None or not cuts:
                        self.drop(each)
                case Ending():
                    return each
        return None

    def drop(self, action: Drop) -> None:
        """The connection ends, with no word more than what was said."""
        self.dropping = "reset" if action.reset else "close"
        self.closing = True


def cut(answer: Iterator[bytes], after: int) -> Iterator[bytes]:
    """As much of an answer as *after* octets."""
    for chunk in answer:
        yield chunk if len(chunk) <= after else chunk[:after]  # the same object, if it can be: one of them is a sign
        after -= len(chunk)
        if after <= 0:
            return
