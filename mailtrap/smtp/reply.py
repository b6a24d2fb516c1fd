"""What SMTP answers: RFC 5321 §4.2 codes with the enhanced ones of RFC 3463, each reply once.

RFC 2034 §3 leaves greeting, EHLO and HELO, and 3yz replies without an enhanced code.
"""

from __future__ import annotations

import logging
import re

from mailtrap.configured import Refusal
from mailtrap.errors import LoginRefused, ProjectGone, StoreUnavailable, Suspended
from mailtrap.sasl import BadExchange, Cancelled
from mailtrap.smtp.strictness import Refused

log = logging.getLogger(__name__)

MAIL_OK = "250 2.1.0 OK"
RCPT_OK = "250 2.1.5 OK"
OK = "250 2.0.0 OK"
START_TLS = "220 2.0.0 Ready to start TLS"
BYE = "221 2.0.0 Bye"
GO_AHEAD = "354 End data with <CR><LF>.<CR><LF>"
CANNOT_VERIFY = "252 2.1.5 Cannot verify, but will accept mail for anybody"
LOGGED_IN = "235 2.7.0 Authentication successful"

UNKNOWN_COMMAND = "500 5.5.1 Command not recognized"
LINE_TOO_LONG = "500 5.5.2 Line too long"
AUTH_LINE_TOO_LONG = "500 5.5.6 Authentication exchange line is too long"
CONTROL_CHARACTERS = "501 5.5.2 Control characters are not allowed in a command"
BAD_SENDER = "501 5.1.7 Bad sender address syntax"
BAD_RECIPIENT = "501 5.1.3 Bad recipient address syntax"
NOT_ASCII = "553 5.6.7 An address that is not ASCII needs SMTPUTF8"
BAD_SIZE = "501 5.5.4 Bad message size syntax"
NOT_SUPPORTED = "502 5.5.1 Command not implemented"
LHLO_FIRST = "503 5.5.1 Send LHLO first"
HELLO_FIRST = "503 5.5.1 Send EHLO or HELO first"
EHLO_FIRST = "503 5.5.1 Send EHLO first"
NESTED_MAIL = "503 5.5.1 Nested MAIL command"
MAIL_FIRST = "503 5.5.1 Need MAIL command"
TURNED_AWAY = "503 5.5.1 There is no service here: QUIT"
RCPT_FIRST = "503 5.5.1 Need RCPT command"
DATA_AFTER_BDAT = "503 5.5.1 DATA is not permitted after BDAT: go on with BDAT, or RSET"
BDAT_FOR_BINARY = "503 5.5.1 A message that is BINARYMIME comes by BDAT"
IN_DATA = "503 5.5.1 RCPT is not permitted after BDAT"
XCLIENT_IN_TRANSACTION = "503 5.5.1 XCLIENT is not permitted during a mail transaction"
TLS_ALREADY = "503 5.5.1 TLS is active already"
NO_TLS = "454 4.7.0 TLS is not available; the log of the sandbox says why"
AUTH_FIRST = "530 5.7.0 Authentication required"
TLS_FIRST = "538 5.7.11 Encryption required: log in after STARTTLS, or at the port for TLS"
LOGGED_IN_ALREADY = "503 5.5.1 Already authenticated"
NOT_IN_TRANSACTION = "503 5.5.1 AUTH is not permitted during a mail transaction"
UNKNOWN_MECHANISM = "504 5.5.4 Unrecognized authentication mechanism"
NOT_YOURS = "553 5.7.1 The sender address is none of who is logged in"
REFUSALS = {
    Refusal.UNKNOWN: "550 5.1.1 The recipient is unknown",
    Refusal.SUSPENDED: "550 5.2.1 The account is suspended",
    Refusal.FULL: "452 4.2.2 The mailbox is full",
}
"""Why no mail is taken for somebody (RFC 3463 §3.2 and §3.3)."""
UNKNOWN_TOPIC = "504 5.5.4 No help on that: HELP alone lists the commands"
TOO_LARGE = "552 5.3.4 Message size exceeds the limit of {limit:,} octets"
NOBODY = "503 5.5.1 No valid recipients"
NO_VALID_RECIPIENTS = "554 5.5.1 No valid recipients"

TIMEOUT = "421 4.4.2 {hostname} Timeout exceeded"
TOO_MANY_ERRORS = "421 4.7.0 {hostname} Too many errors"
TOO_MANY_CONNECTIONS = "421 4.7.0 {hostname} Too many connections"
SHUTTING_DOWN = "421 4.3.2 {hostname} Shutting down"
NOT_HTTP = "421 4.7.0 {hostname} This port speaks SMTP, not HTTP"
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients"

SERVER_BUG = "451 4.3.0 Internal error; the log of the sandbox has the details"
ANSWERS: dict[type[Exception], str] = {
    StoreUnavailable: "452 4.3.1 The store cannot take mail now",
    ProjectGone: "550 5.7.1 The project was deleted",
}
"""How an error is answered; every other one is a bug of ours."""

JUNK = ("500", "501", "502")
"""The replies to what makes no sense: a session ends after too many."""


_CODE = re.compile(r"^([245]\d\d[ -])[245]\.\d{1,3}\.\d{1,3} ", re.MULTILINE)


def without_code(answer: str) -> str:
    """*answer* as a server without enhanced status codes gives it.

    >>> without_code("250 2.1.0 OK")
    '250 OK'
    """
    return _CODE.sub(r"\1", answer)


def stored(message_id: str) -> str:
    """The message was committed; this is its id everywhere."""
    return f"250 2.0.0 OK id={message_id}"


def chunk(octets: int) -> str:
    """A chunk is here, and was not the last."""
    return f"250 2.0.0 {octets:,} octets received"


def syntax(form: str) -> str:
    """A command has not the *form* it must have."""
    return f"501 5.5.4 Syntax: {form}"


def bad_exchange(error: BadExchange) -> str:
    """The client gave an exchange up, or said something that the mechanism has not in this place (RFC 4954 §4)."""
    return f"501 {'5.7.0' if isinstance(error, Cancelled) else '5.5.2'} {_sentence(error)}"


def not_logged_in(error: LoginRefused) -> str:
    """RFC 4954 §6; 525 is that of RFC 5248 §2.4 for an account that is disabled."""
    return f"{'525 5.7.13' if isinstance(error, Suspended) else '535 5.7.8'} {_sentence(error)}"


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


def unsupported(parameter: str) -> str:
    """A parameter of MAIL or RCPT that is not offered (RFC 5321 §4.1.1.11)."""
    return f"555 5.5.4 Unsupported option: {parameter}"


def bad_value(parameter: str) -> str:
    """A parameter of MAIL or RCPT that is offered has a value that it cannot have (RFC 3461 §5.2)."""
    return f"501 5.5.4 Bad value: {parameter}"


def twice(keyword: str) -> str:
    """A parameter of MAIL or RCPT is there more than once (RFC 3461 §5.1)."""
    return f"501 5.5.4 {keyword} is there twice"


def multiline(code: str, lines: list[str]) -> str:
    """One reply of several lines (RFC 5321 §4.2.1)."""
    return "\r\n".join([*(f"{code}-{line}" for line in lines[:-1]), f"{code} {lines[-1]}"])


def answer(error: Exception) -> str:
    """The reply to an error; one that was not foreseen is logged with its traceback, of which the peer sees nothing."""
    if isinstance(error, Refused):
        return error.answer
    for kind, foreseen in ANSWERS.items():
        if isinstance(error, kind):
            return foreseen
    log.error("unforeseen", exc_info=error)
    return SERVER_BUG
