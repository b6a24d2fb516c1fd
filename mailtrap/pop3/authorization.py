"""The commands before log-in (RFC 1939 §4 and §7; RFC 2449, 2595, 5034, 6856)."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import md5
from hmac import compare_digest
from typing import TYPE_CHECKING, NoReturn

from mailtrap.errors import LoginRefused
from mailtrap.pop3.errors import Bad, Refused
from mailtrap.pop3.maildrop import counted
from mailtrap.pop3.registry import ANY, AUTHORIZATION, COMMANDS, command
from mailtrap.sasl import BadExchange, Claim, Exchange, begin, decoded, offered, said

if TYPE_CHECKING:
    from mailtrap.pop3.session import Session

ALWAYS = ("RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER", "IMPLEMENTATION mailtrap-sandbox")
"""What CAPA says besides what the commands do (RFC 2449 §6, RFC 3206 §5)."""


@command("CAPA", state=ANY)
def capa(session: Session, _: str) -> Iterator[bytes]:
    """RFC 2449 §5."""
    offers = [offer for each in COMMANDS.values() if (offer := each.offer(session))]
    yield "".join(f"{line}\r\n" for line in ("+OK", *offers, *ALWAYS, ".")).encode()


@command("USER", state=AUTHORIZATION, argument="name", capability=lambda it: "USER" if it.may_log_in else None)
def user(session: Session, name: str) -> Iterator[bytes]:
    """RFC 1939 §7. Whom nobody has heard of is let in, too."""
    _check_secured(session)
    session.user = _checked(name.strip(" \t"))
    yield b"+OK\r\n"


@command("PASS", state=AUTHORIZATION, argument="password")
def pass_(session: Session, password: str) -> Iterator[bytes]:
    """RFC 1939 §7: all that follows is the password, spaces and all."""
    name, session.user = session.user, None
    if name is None:
        raise Refused("USER comes before PASS")
    yield from _enter(session, said(_octets(name), _octets(password)))


@command("APOP", state=AUTHORIZATION, argument="name digest")
def apop(session: Session, argument: str) -> Iterator[bytes]:
    """RFC 1939 §7: the digest is of the greeting's timestamp and the password."""
    _check_secured(session)
    name, _, digest = argument.rpartition(" ")
    given, timestamp = _octets(digest.lower()), session.timestamp.encode()

    def proves(password: str) -> bool:
        return compare_digest(given, md5(timestamp + _octets(password), usedforsecurity=False).hexdigest().encode())

    yield from _enter(session, Claim(name.rstrip(" "), proves))


@command(
    "AUTH", state=AUTHORIZATION, argument="mechanism [initial-response]", capability=lambda session: _sasl(session)
)
def auth(session: Session, argument: str) -> Iterator[bytes]:
    """RFC 5034 §4. Without an argument it lists the mechanisms, which clients of before CAPA ask for."""
    name, _, initial = argument.partition(" ")
    there = offered(has_passwords=session.world.accounts.has_passwords)
    if not name:
        yield "".join(f"{line}\r\n" for line in ("+OK", *there, ".")).encode()
        return
    if name.upper() not in there:
        raise Bad(f"Unknown mechanism; there are {', '.join(there)}")
    _check_secured(session)
    session.user = None
    exchange = _begun(session, name.upper(), initial=bool(initial))
    challenge = next(exchange)
    if initial:  # also where the mechanism has the server speak first: LOGIN's is the user name
        yield from _go_on(session, exchange, _octets(initial.strip(" ")))
    else:
        yield from _challenge(session, challenge, partial(_go_on, session, exchange))


def _go_on(session: Session, exchange: Exchange, line: bytes) -> Iterator[bytes]:
    """The client's turn in an exchange."""
    try:
        challenge = exchange.send(decoded(line))
    except BadExchange as error:
        raise Bad(f"{error}") from None
    except StopIteration as end:
        yield from _enter(session, end.value)
    else:
        yield from _challenge(session, challenge, partial(_go_on, session, exchange))


@command("STLS", state=AUTHORIZATION, capability=lambda session: "STLS" if _may_start_tls(session) else None)
def stls(session: Session, _: str) -> Iterator[bytes]:
    """RFC 2595 §4."""
    if not _may_start_tls(session):
        raise Refused("TLS is active already" if session.tls else "TLS is not offered here")
    session.starting_tls = True
    yield b"+OK Begin TLS negotiation\r\n"


@command("UTF8", state=AUTHORIZATION, capability="UTF8 USER")
def utf8(_session: Session, _: str) -> Iterator[bytes]:
    """RFC 6856 §2. It changes nothing: messages are given as they came in either mode, since octets are sacred."""
    yield b"+OK UTF8 enabled\r\n"


@command("LANG", state=ANY, argument="[language]", capability="LANG")
def lang(_: Session, language: str) -> Iterator[bytes]:
    """RFC 6856 §3. There is one."""
    if not language:
        yield b"+OK Language listing follows:\r\nen English\r\n.\r\n"
    elif language.lower() in ("*", "en", "i-default"):
        yield b"+OK en Language changed\r\n"
    else:
        raise Refused("en There is English alone")


def _challenge(session: Session, challenge: bytes, answer: Callable[[bytes], Iterator[bytes]]) -> Iterator[bytes]:
    session.exchange = answer
    yield b"+ %b\r\n" % b2a_base64(challenge, newline=False)


def _refused(error: LoginRefused, _: bytes) -> NoReturn:
    raise error


def _begun(session: Session, name: str, *, initial: bool) -> Exchange:
    try:
        return begin(name, session.world.logins, initial=initial)
    except BadExchange as error:
        raise Bad(f"{error}") from None


def _enter(session: Session, claim: Claim) -> Iterator[bytes]:
    _checked(claim.user)
    try:
        yield from session.enter(claim)
    except LoginRefused as error:
        if not claim.explanation:
            raise
        yield from _challenge(session, claim.explanation, partial(_refused, error))
    else:
        yield f"+OK {counted(len(session.maildrop))}\r\n".encode()


def _checked(name: str) -> str:
    """A name somebody can have; RFC 6856 §2.2 wants those refused that are not in UTF-8."""
    if not name:
        raise Bad("Say who you are: an address, catchall, or a project")
    if not name.isprintable():  # surrogates are not either
        raise Bad("A name must be in UTF-8, without control characters")
    return name


def _sasl(session: Session) -> str | None:
    there = offered(has_passwords=session.world.accounts.has_passwords)
    return " ".join(("SASL", *there)) if session.may_log_in else None


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _check_secured(session: Session) -> None:
    if not session.may_log_in:
        raise Refused("Log in after STLS, or at the port for TLS")


def _may_start_tls(session: Session) -> bool:
    return session.world.starttls and session.tls is None and session.login is None
