"""What a command is answered when it is not carried out: a tagged NO or BAD (RFC 9051 §7.1)."""

from __future__ import annotations

import logging

from mailtrap.errors import AlreadyExists, LoginRefused, MailtrapError, NotFound, StoreUnavailable, Suspended

log = logging.getLogger(__name__)


class Refused(Exception):
    """A command is answered with this instead of OK. *code* is a response code without its brackets."""

    condition = "NO"

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class No(Refused):
    """It is well-formed and cannot be done."""


class Bad(Refused):
    """It is malformed, or not for this state."""

    condition = "BAD"


class NoMessage(Bad):
    """It is well-formed, and for a message that there is not: a client that polls an empty mailbox asks so for ever."""


class BadSyntax(Bad):
    """It does not follow the grammar; the text says what was expected, and where."""


ANSWERS: tuple[tuple[type[MailtrapError], str], ...] = (
    (AlreadyExists, "ALREADYEXISTS"),
    (NotFound, "NONEXISTENT"),
    (StoreUnavailable, "UNAVAILABLE"),
    (Suspended, "AUTHORIZATIONFAILED"),
    (LoginRefused, "AUTHENTICATIONFAILED"),
)
"""The response code (RFC 5530) for each error of the domain."""


def refused(error: Exception) -> Refused:
    """*error* as a client is told of it; what nobody foresaw is a bug, and is logged."""
    if isinstance(error, Refused):
        return error
    for kind, code in ANSWERS:
        if isinstance(error, kind):
            return No(str(error), code)
    log.error("a command failed by a bug", exc_info=error)
    return No("the server failed; its log says why", "SERVERBUG")
