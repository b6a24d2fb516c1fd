"""The commands of IMAP, one row each: dispatch, the test of the state and CAPABILITY derive from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from mailtrap.imap.grammar import Reader
from mailtrap.imap.responses import Responses

if TYPE_CHECKING:
    from mailtrap.imap.session import Session

Run = Callable[["Session", Reader], Responses]
"""Carries out a command with its arguments, the space before them included."""


class State(IntEnum):
    """The states of a session (RFC 9051 §3); what is allowed in one is allowed in those above it, LOGIN apart."""

    ANY = 0
    NOT_AUTHENTICATED = 1
    AUTHENTICATED = 2
    SELECTED = 3


ANY, NOT_AUTHENTICATED, AUTHENTICATED, SELECTED = State


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table."""

    name: str
    run: Run
    in_state: State
    by_uid: bool
    """``UID name`` is a command, too."""
    uses_sequence: bool
    """Message numbers must not change while it runs: no EXPUNGE is told (RFC 9051 §7.5.1)."""
    blocking: bool
    """It writes, or may think long: it is carried out in the pool."""


COMMANDS: dict[str, Command] = {}

CAPABILITIES: dict[str, State] = {
    "IMAP4rev2": ANY,
    "IMAP4rev1": ANY,
    "LITERAL+": ANY,
    "ESEARCH": AUTHENTICATED,
    "SEARCHRES": AUTHENTICATED,
    "LIST-EXTENDED": AUTHENTICATED,
    "LIST-STATUS": AUTHENTICATED,
    "CHILDREN": AUTHENTICATED,
    "SPECIAL-USE": AUTHENTICATED,
    "STATUS=SIZE": AUTHENTICATED,
    "BINARY": AUTHENTICATED,
}
"""What is offered, from which state on; the commands add theirs. What rev2 has in it is an extension of rev1
(RFC 9051 appendix E)."""


def command(
    name: str,
    *,
    in_state: State,
    by_uid: bool = False,
    uses_sequence: bool = False,
    blocking: bool = False,
    capability: str = "",
) -> Callable[[Run], Run]:
    """Register what carries out the command *name*; its *capability* is offered to who is logged in, or to anybody."""

    def register(run: Run) -> Run:
        COMMANDS[name] = Command(name, run, in_state, by_uid, uses_sequence, blocking)
        if capability:
            CAPABILITIES[capability] = AUTHENTICATED if in_state >= AUTHENTICATED else ANY
        return run

    return register
