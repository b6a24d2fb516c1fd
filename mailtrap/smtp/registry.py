"""The commands of SMTP, one row each: dispatch and HELP derive from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP

Run = Callable[["SMTP", str], Awaitable[str | None]]
"""Carries out a command with its argument; gives the reply, unless that has been sent."""
Says = Callable[["SMTP"], str]
"""What EHLO says behind the keyword of the command's extension."""


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table."""

    verb: str
    run: Run
    syntax: str
    extension: str
    grouped: bool
    lmtp: bool | None
    says: Says

    def is_spoken(self, smtp: SMTP) -> bool:
        """Whether there is such a command in the protocol that is spoken."""
        return self.lmtp is None or self.lmtp == smtp.port.lmtp

    def is_known(self, smtp: SMTP) -> bool:
        """Whether a server that offers what this one does has it."""
        return not self.extension or self.extension in smtp.offers


COMMANDS: dict[str, Command] = {}


def command(
    verb: str,
    syntax: str,
    *,
    extension: str = "",
    grouped: bool = False,
    lmtp: bool | None = None,
    says: Says = lambda _: "",
) -> Callable[[Run], Run]:
    """Register what carries out *verb*.

    *extension*: it is known only where that is offered. *grouped*: its reply may wait for those of the commands
    that came with it; RFC 2920 §3.2 allows that for few. *lmtp*: it is one of LMTP alone; False: of SMTP alone.
    """

    def register(run: Run) -> Run:
        COMMANDS[verb] = Command(verb, run, syntax, extension, grouped, lmtp, says)
        return run

    return register
