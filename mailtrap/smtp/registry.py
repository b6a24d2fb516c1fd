"""The commands of SMTP, one row each: dispatch, EHLO and HELP derive from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP

Run = Callable[["SMTP", str], Awaitable[str | None]]
"""Carries out a command with its argument; gives the reply, unless that has been sent."""


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table."""

    verb: str
    run: Run
    syntax: str
    offers: tuple[str, ...]
    is_offered: Callable[[SMTP], bool]
    grouped: bool


COMMANDS: dict[str, Command] = {}

HTTP = frozenset("GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split())


def command(
    verb: str,
    syntax: str,
    *,
    offers: tuple[str, ...] = (),
    is_offered: Callable[[SMTP], bool] = lambda _: True,
    grouped: bool = False,
) -> Callable[[Run], Run]:
    """Register what carries out *verb*.

    *offers*: what EHLO says of it, where *is_offered*. *grouped*: its reply may wait for those of the commands
    that came with it; RFC 2920 §3.2 allows that for few.
    """

    def register(run: Run) -> Run:
        COMMANDS[verb] = Command(verb, run, syntax, offers, is_offered, grouped)
        return run

    return register
