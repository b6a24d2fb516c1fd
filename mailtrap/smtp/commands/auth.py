"""AUTH: who submits."""

from __future__ import annotations

from binascii import b2a_base64
from typing import TYPE_CHECKING

from mailtrap import sasl
from mailtrap.errors import LoginRefused, WrongPassword
from mailtrap.lines import LineTooLong
from mailtrap.smtp import faulted, reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP


def offered(smtp: SMTP) -> str:
    """The mechanisms, as EHLO lists them."""
    return " ".join(_mechanisms(smtp))


@command("AUTH", "AUTH mechanism [initial-response]", says=offered)
async def auth(smtp: SMTP, arg: str) -> str:
    """RFC 4954 §4; over plaintext too, unless that is not wanted."""
    is_offered, needs_tls = "AUTH" in smtp.offers, smtp.policy.login_needs_tls and smtp.tls is None
    if not (is_offered or needs_tls):
        return reply.NOT_SUPPORTED
    if not smtp.extended:
        return reply.EHLO_FIRST
    if not is_offered:
        return reply.TLS_FIRST
    if smtp.login is not None:
        return reply.LOGGED_IN_ALREADY
    if smtp.transaction is not None:  # §4, Restrictions
        return reply.NOT_IN_TRANSACTION
    words = arg.split()
    if not 1 <= len(words) <= 2:
        return reply.syntax(COMMANDS["AUTH"].syntax)
    if words[0].upper() not in _mechanisms(smtp):
        return reply.UNKNOWN_MECHANISM
    try:
        return await _log_in(smtp, await _exchanged(smtp, words[0].upper(), *words[1:]))
    except LineTooLong:
        return reply.AUTH_LINE_TOO_LONG
    except sasl.BadExchange as error:
        return reply.bad_exchange(error)


async def _exchanged(smtp: SMTP, mechanism: str, initial: str = "") -> sasl.Claim:
    """What comes of the exchange. An initial response answers the first challenge, whatever that is."""
    exchange = sasl.begin(mechanism, smtp.factory.logins, initial=bool(initial))
    challenge = next(exchange)
    response = initial.encode("utf-8", "surrogateescape")
    try:
        while True:
            challenge = exchange.send(sasl.decoded(response or await _answer(smtp, challenge)))
            response = b""
    except StopIteration as end:
        claim: sasl.Claim = end.value
        return claim


async def _answer(smtp: SMTP, challenge: bytes) -> bytes:
    await smtp.push("334 " + b2a_base64(challenge, newline=False).decode())
    await smtp.flush()
    return await smtp.secret_line()


async def _log_in(smtp: SMTP, claim: sasl.Claim) -> str:
    if smtp.faults.active and (refusal := await faulted.at(smtp, "auth", account=claim.user)):
        return refusal
    try:
        smtp.login = smtp.factory.logins.log_in(claim, smtp.transcript.peer, known=smtp.policy.auth_required)
    except LoginRefused as error:
        if isinstance(error, WrongPassword) and error.pause:
            await smtp.flush()
            await smtp.wait(error.pause)
        if claim.explanation:
            await _answer(smtp, claim.explanation)
        return reply.not_logged_in(error)
    smtp.user = claim.user
    return reply.LOGGED_IN


def _mechanisms(smtp: SMTP) -> list[str]:
    return sasl.offered(has_passwords=smtp.factory.accounts.has_passwords)
