"""The commands of SMTP: state and syntax, then the work, then the reply. EHLO and HELP list what is here."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiosmtpd import smtp as aiosmtpd

from mailtrap.envelope import Address
from mailtrap.lines import LineTooLong
from mailtrap.smtp import reply
from mailtrap.smtp.addresses import BadAddress, path

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP

log = logging.getLogger(__name__)

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

MECHANISMS = {"PLAIN": aiosmtpd.SMTP.auth_PLAIN, "LOGIN": aiosmtpd.SMTP.auth_LOGIN}


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


@command("EHLO", "EHLO hostname", offers=("PIPELINING", "ENHANCEDSTATUSCODES"))
async def ehlo(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.1; what the client calls itself is not checked."""
    if not arg:
        return reply.syntax(COMMANDS["EHLO"].syntax)
    smtp.greeted(arg, "EHLO")
    commands = [each for each in COMMANDS.values() if each.is_offered(smtp)]
    offers = [offer.format(size=smtp.limits.size) for each in commands for offer in each.offers]
    return reply.multiline("250", [smtp.limits.hostname, *offers])


@command("HELO", "HELO hostname")
async def helo(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.1, for clients of before 1995."""
    if not arg:
        return reply.syntax(COMMANDS["HELO"].syntax)
    smtp.greeted(arg, "HELO")
    return f"250 {smtp.limits.hostname}"


@command("MAIL", "MAIL FROM:<address> [parameters]", offers=("SIZE {size}", "8BITMIME", "SMTPUTF8"), grouped=True)
async def mail(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.2."""
    if not smtp.helo:
        return reply.HELLO_FIRST
    if smtp.transaction is not None:
        return reply.NESTED_MAIL
    text = _after("FROM:", arg)
    if not text:
        return reply.syntax(COMMANDS["MAIL"].syntax)
    try:
        mail_from = path(text)
        refusal = _refused_option(mail_from, MAIL_OPTIONS, smtp.limits.size)
    except BadAddress:
        mail_from, refusal = Address(text), reply.BAD_SENDER
    transaction = smtp.handler.begin(mail_from)
    if refusal:
        smtp.handler.refuse(smtp, transaction, "MAIL", refusal, ended=True)
        return refusal
    smtp.transaction = transaction
    return reply.MAIL_OK


@command("RCPT", "RCPT TO:<address> [parameters]", grouped=True)
async def rcpt(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.3. Anybody is a recipient here."""
    transaction = smtp.transaction
    if transaction is None:
        return reply.MAIL_FIRST if smtp.helo else reply.HELLO_FIRST
    text = _after("TO:", arg)
    if not text:
        return reply.syntax(COMMANDS["RCPT"].syntax)
    try:
        rcpt_to = path(text)
        refusal = _refused_option(rcpt_to, RCPT_OPTIONS, smtp.limits.size) if rcpt_to else reply.BAD_RECIPIENT
    except BadAddress:
        rcpt_to, refusal = Address(text), reply.BAD_RECIPIENT
    if not refusal and len(transaction.rcpt_to) >= smtp.limits.recipients:
        refusal = reply.TOO_MANY_RECIPIENTS
    if refusal:
        smtp.handler.refuse(smtp, transaction, "RCPT", refusal, rcpt_to=(rcpt_to,))
        return refusal
    transaction.rcpt_to.append(rcpt_to)
    return reply.RCPT_OK


@command("DATA", "DATA")
async def data(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.4."""
    transaction = smtp.transaction
    if transaction is None:
        return reply.RCPT_FIRST if smtp.helo else reply.HELLO_FIRST
    if arg:
        return reply.syntax(COMMANDS["DATA"].syntax)
    if not transaction.rcpt_to:
        if not transaction.refusals:
            smtp.handler.refuse(smtp, transaction, "DATA", reply.NO_VALID_RECIPIENTS)
        return reply.NO_VALID_RECIPIENTS
    await smtp.push(reply.GO_AHEAD)
    await smtp.flush()
    received = await smtp.receive_data(transaction)
    smtp.transaction = None
    return await smtp.handler.deliver(smtp, transaction, received)


@command("RSET", "RSET", grouped=True)
async def rset(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.5."""
    if arg:
        return reply.syntax(COMMANDS["RSET"].syntax)
    smtp.give_up("RSET")
    return reply.OK


@command("NOOP", "NOOP [anything]")
async def noop(_smtp: SMTP, _arg: str) -> str:
    """RFC 5321 §4.1.1.9."""
    return reply.OK


@command("VRFY", "VRFY name", offers=("VRFY",))
async def vrfy(_smtp: SMTP, arg: str) -> str:
    """RFC 5321 §3.5.3: 252, since anybody gets mail here and nobody is known."""
    return reply.CANNOT_VERIFY if arg else reply.syntax(COMMANDS["VRFY"].syntax)


@command("EXPN", "EXPN list")
async def expn(_smtp: SMTP, _arg: str) -> str:
    """RFC 5321 §3.5.2: there are no lists to expand."""
    return reply.NOT_SUPPORTED


@command("STARTTLS", "STARTTLS", offers=("STARTTLS",), is_offered=lambda smtp: smtp.may_start_tls)
async def starttls(smtp: SMTP, arg: str) -> str | None:
    """RFC 3207 §4. Also in a transaction, which is given up."""
    if smtp.tls is not None:
        return reply.TLS_ALREADY
    if not smtp.may_start_tls:
        return reply.NOT_SUPPORTED
    if arg:
        return reply.syntax(COMMANDS["STARTTLS"].syntax)
    try:
        await smtp.factory.tls.context()
    except Exception:
        log.exception("no TLS")
        return reply.NO_TLS
    await smtp.begin_anew(reply.START_TLS)
    return None


@command(
    "AUTH",
    "AUTH mechanism [initial-response]",
    offers=("AUTH " + " ".join(MECHANISMS),),
    is_offered=lambda smtp: smtp.may_log_in,
)
async def auth(smtp: SMTP, arg: str) -> str | None:
    """RFC 4954. The exchange is aiosmtpd's; over plaintext too unless that is not wanted, and any password will do."""
    if not smtp.session.extended_smtp:
        return reply.EHLO_FIRST
    if not smtp.may_log_in:
        return reply.TLS_FIRST
    if smtp.session.authenticated:
        return reply.LOGGED_IN_ALREADY
    if smtp.transaction is not None:  # §4, Restrictions
        return reply.NOT_IN_TRANSACTION
    words = arg.split()
    if not 1 <= len(words) <= 2:
        return reply.syntax(COMMANDS["AUTH"].syntax)
    mechanism = MECHANISMS.get(words[0].upper())
    if mechanism is None:
        return reply.UNKNOWN_MECHANISM
    try:
        result = await mechanism(smtp, smtp, words)
    except LineTooLong:
        return reply.AUTH_LINE_TOO_LONG
    if not result.success or result.auth_data is None:
        return None
    smtp.session.authenticated = True
    smtp.user = result.auth_data.login.decode("utf-8", "surrogateescape")
    return reply.LOGGED_IN


@command("HELP", "HELP [command]")
async def help_(_smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.8."""
    if not arg:
        return reply.multiline("214", [
            "2.0.0 This is a mail sandbox: it takes every message and sends none on.",
            "2.0.0 Commands: " + " ".join(sorted(COMMANDS)),
        ])  # fmt: skip
    about = COMMANDS.get(arg.upper())
    return f"214 2.0.0 Syntax: {about.syntax}" if about else reply.UNKNOWN_TOPIC


@command("QUIT", "QUIT")
async def quit_(smtp: SMTP, arg: str) -> str:
    """RFC 5321 §4.1.1.10."""
    if arg:
        return reply.syntax(COMMANDS["QUIT"].syntax)
    smtp.give_up("QUIT")
    smtp.closing = True
    return reply.BYE


def _size(value: str, limit: int) -> str:
    """RFC 1870 §6.1."""
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        return reply.BAD_SIZE
    return reply.TOO_LARGE.format(limit=limit) if int(value) > limit else ""


Option = Callable[[str, int], str | None]
"""Given the value and the size limit: the reply that refuses it, or nothing; None if there is no such value."""

MAIL_OPTIONS: dict[str, Option] = {
    "SIZE": _size,
    "BODY": lambda value, _: "" if value.upper() in ("7BIT", "8BITMIME") else None,  # RFC 6152 §2
    "SMTPUTF8": lambda value, _: None if value else "",  # RFC 6531 §3.4
    "AUTH": lambda value, _: "" if value else None,  # RFC 4954 §5: who wrote it first; kept, trusted by nobody
}
RCPT_OPTIONS: dict[str, Option] = {}


def _refused_option(address: Address, options: dict[str, Option], limit: int) -> str:
    for parameter in address.parameters:
        keyword, _, value = parameter.partition("=")
        option = options.get(keyword.upper())
        refusal = option(value, limit) if option else None
        if refusal is None:
            return reply.unsupported(parameter)
        if refusal:
            return refusal
    return ""


def _after(keyword: str, arg: str) -> str:
    """What follows ``FROM:`` or ``TO:``, with or without a space (which many clients send)."""
    return arg[len(keyword) :].lstrip(" \t") if arg[: len(keyword)].upper() == keyword else ""
