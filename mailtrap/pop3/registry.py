"""The commands of POP3, one row each: dispatch, the test of the state and CAPA derive from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Flag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailtrap.pop3.session import Session

Run = Callable[["Session", str], Iterator[bytes]]
"""Carries out a command with its argument, and gives the response in pieces, with its CRLFs."""

Offer = Callable[["Session"], str | None]
"""What CAPA says of a command at the moment, if anything."""


class State(Flag):
    """The states of a session (RFC 1939 §3). UPDATE is what QUIT does."""

    AUTHORIZATION = 1
    TRANSACTION = 2
    ANY = 3


AUTHORIZATION, TRANSACTION, ANY = State.AUTHORIZATION, State.TRANSACTION, State.ANY


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table."""

    verb: str
    run: Run
    state: State
    syntax: str
    offer: Offer
    takes_argument: bool


COMMANDS: dict[str, Command] = {}


def command(
    verb: str, *, state: State, argument: str = "", capability: str | Offer | None = None
) -> Callable[[Run], Run]:
    """Register what carries out *verb*; *capability* is what CAPA says of it."""
    offer: Offer = capability if callable(capability) else lambda _: capability

    def register(run: Run) -> Run:
        COMMANDS[verb] = Command(verb, run, state, f"{verb} {argument}".rstrip(), offer, bool(argument))
        return run

    return register
