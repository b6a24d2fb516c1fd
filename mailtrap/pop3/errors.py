"""What a command is answered when it is not carried out: -ERR, with a response code where there is one."""

from __future__ import annotations

import logging

from mailtrap.errors import LoginRefused, MailtrapError, StoreUnavailable

log = logging.getLogger(__name__)


class Refused(MailtrapError):
    """It cannot be done, or not now. The text says what can be."""


class Bad(Refused):
    """It makes no sense: a session ends after too many."""


class BrokenOff(Exception):
    """A response cannot be completed, and must not end as if it were: the connection ends instead."""


SERVER_BUG = "[SYS/TEMP] Internal error; the log of the sandbox has the details"

ANSWERS: dict[type[MailtrapError], str] = {
    Refused: "{error}",
    LoginRefused: "[AUTH] {error}",  # RFC 3206 §4
    StoreUnavailable: "[SYS/TEMP] The store cannot be used now",  # RFC 3206 §4
}
"""How an error is answered; every other one is a bug of ours."""


def answer(error: Exception) -> bytes:
    """The response to an error; one that was not foreseen is logged with its traceback, of which no peer sees any."""
    for kind, foreseen in ANSWERS.items():
        if isinstance(error, kind):
            return err(foreseen.format(error=error))
    log.error("a command failed by a bug", exc_info=error)
    return err(SERVER_BUG)


def err(text: str) -> bytes:
    """The negative response (RFC 1939 §3)."""
    return f"-ERR {text}\r\n".encode("utf-8", "backslashreplace")
