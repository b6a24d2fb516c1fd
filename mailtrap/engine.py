"""What a protocol without sockets offers to whoever runs it over connections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from mailtrap.bus import Event
from mailtrap.pausing import Drop, Wrong
from mailtrap.transcript import Transcript

if TYPE_CHECKING:
    from mailtrap.tls import Tls

WRITE = 1 << 16
"""Octets of output that are joined into one write, at most."""

SLICE = 0.002
"""Seconds after which whoever works lets others have their turn."""

PROJECT_DELETED = "The project was deleted"
"""Why a session is dismissed that nothing can come of any more."""


class Session(Protocol):
    """One conversation of one protocol, without sockets."""

    transcript: Transcript
    closing: bool
    """Close when all is said."""
    starting_tls: bool
    """Upgrade to TLS when all is said; what came behind that is dropped."""
    blocking: bool
    """The next step may take long: it is taken in a thread."""
    pause: float
    pace: float
    hanging: bool
    dropping: Drop
    certificate: Wrong
    """These five: see `mailtrap.pausing.Pausing`, from which a session has them."""

    @property
    def wants_more(self) -> bool:
        """It has a part of a command."""

    @property
    def idle_limit(self) -> float:
        """Seconds that the peer may be silent."""

    @property
    def mailbox(self) -> int | None:
        """The mailbox whose events concern it: set before it is looked into."""

    @property
    def project(self) -> int | None:
        """The project it is logged in to."""

    def connected(self, *, at_once: bool) -> Iterator[bytes]:
        """The connection is there, and nothing was said; *at_once*: TLS comes first, and hides what is said here."""

    def greet(self) -> Iterator[bytes]:
        """What is said first."""

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Carry out every command that *data* completes."""

    def notify(self, event: Event) -> Iterator[bytes]:
        """Hear of something that was committed. Gives nothing while anything else is under way, in whatever thread."""

    def secured(self, version: str) -> None:
        """TLS is up: what came before it is forgotten (RFC 9051 §6.2.1, RFC 2595 §4)."""

    def eof(self) -> Iterator[bytes]:
        """The peer says nothing more."""

    def dismiss(self, text: str) -> Iterator[bytes]:
        """Say good-bye, because of *text*."""

    def ended(self) -> None:
        """The connection is closed."""


class Make(Protocol):
    """Makes the session of a new connection."""

    def __call__(self, *, peer: str, local: str, tls: str | None) -> Session:
        """*peer* and *local* are the two ends; *tls* is the version, None in plaintext."""


@dataclass(frozen=True, slots=True)
class Listener:
    """What the connections to one port get: a session, TLS if they ask for it, or TLS before anything else."""

    make: Make
    tls: Tls | None = None
    at_once: bool = False


def pull(work: Iterator[bytes], session: Session, out: list[bytes], until: float | None) -> bool:
    """Put output into *out*, up to one write's worth, until *until*, or the session blocks or no longer does.

    So it is where the session wants a pause, or another pace. Gives whether the work is done.
    """
    blocking, pace = session.blocking, session.pace
    size = 0
    for chunk in work:
        out.append(chunk)
        size += len(chunk)
        if size >= WRITE or session.blocking != blocking or session.pause or session.pace != pace:
            return False
        if until is not None and monotonic() >= until:
            return False
    return True
