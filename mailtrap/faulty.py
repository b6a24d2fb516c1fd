"""What faults do to a session without sockets, as far as that is the same in every protocol."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING

from mailtrap.faults import Action, Asked, Certificate, Delay, Drop, Ending, Faults, Hang, Hide, Offer, Slow
from mailtrap.pausing import Pausing
from mailtrap.peers import parts
from mailtrap.transcript import Transcript

if TYPE_CHECKING:
    from mailtrap.logins import Login

Told = tuple[Hide | Offer, ...]
"""How capabilities are told otherwise than they are."""


class Faulty(Pausing):
    """A session that faults can happen to."""

    transcript: Transcript
    closing: bool
    login: Login | None
    lasting: Told = ()
    """What was so when the connection began."""

    @property
    def stopped(self) -> bool:
        """Nothing more is carried out."""
        return self.closing or self.hanging

    def fire(self, faults: Faults, asked: Asked, *, only: tuple[type[Action], ...] = (Action,)) -> tuple[Action, ...]:
        """What goes wrong at a stage. The transcript says so."""
        actions = faults.fire(asked, only=only)
        for each in actions:
            self.transcript.add("-", each.remark.encode())
        return actions

    def asked(self, stage: str, project: int, account: str) -> Asked:
        """What *stage* of which protocol is about to happen, and to whom."""
        host, _ = parts(self.transcript.peer)
        return Asked(f"{self.transcript.protocol}.{stage}", project, host, account=account)

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


def told(actions: Iterable[Action]) -> Told:
    """Those of *actions* that concern capabilities."""
    return tuple(each for each in actions if isinstance(each, Hide | Offer))


def altered(names: Iterable[str], changes: Told) -> list[str]:
    """Capabilities as a fault has them told, each named by its first word.

    >>> altered(["UIDL", "SASL PLAIN"], (Hide("SASL"), Offer("IDLE")))
    ['UIDL', 'IDLE']
    """
    hidden = {each.keyword.upper() for each in changes if isinstance(each, Hide)}
    kept = [name for name in names if name.partition(" ")[0].upper() not in hidden]
    known = {name.partition(" ")[0].upper() for name in kept}
    return kept + [each.keyword for each in changes if isinstance(each, Offer) and each.keyword.upper() not in known]


def cut(answer: Iterator[bytes], after: int) -> Iterator[bytes]:
    """As much of an answer as *after* octets."""
    for chunk in answer:
        yield chunk if len(chunk) <= after else chunk[:after]  # the same object, if it can be: one of them is a sign
        after -= len(chunk)
        if after <= 0:
            return
