"""AUTHENTICATE: logging in by a SASL mechanism."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Generator

from mailtrap.errors import LoginRefused
from mailtrap.imap.commands.login import logged_in
from mailtrap.imap.errors import Bad, No
from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import NOT_AUTHENTICATED, command
from mailtrap.imap.responses import Responses
from mailtrap.imap.session import Session
from mailtrap.sasl import BadExchange, Claim, Exchange, begin, decoded
from mailtrap.transcript import MASKED


@command("AUTHENTICATE", in_state=NOT_AUTHENTICATED, capability="SASL-IR")
def authenticate(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.2.2, with an initial response (RFC 4959)."""
    args.space()
    name = args.keyword()
    initial = args.rest().strip(b" ") if args.eat(b" ") else b""
    args.end()
    if name not in session.mechanisms:
        raise No(f"there is no mechanism {name}; there are {' '.join(session.mechanisms)}")
    if not session.may_log_in:
        raise No("log in after STARTTLS", "PRIVACYREQUIRED")

    try:
        exchange = begin(name, session.world.logins, initial=bool(initial))
        claim = yield from _carried_out(session, exchange, initial)
    except BadExchange as error:
        raise Bad(str(error)) from None  # RFC 9051 §6.2.2: so is one that was cancelled
    try:
        return (yield from logged_in(session, claim))
    except LoginRefused:
        if claim.explanation:
            yield from _answer(session, claim.explanation)
        raise


def _carried_out(session: Session, exchange: Exchange, initial: bytes) -> Generator[bytes, None, Claim]:
    """Challenges out, responses in, up to the claim. No transcript shows them.

    An initial response answers the first challenge, also where there is one: that of LOGIN is the user name. RFC 4959
    §3 would have it refused, but clients that send it would then be asked for the name, and give the password.
    """
    challenge = next(exchange)
    try:
        while True:
            response = initial or (yield from _answer(session, challenge))
            initial = b""
            challenge = exchange.send(decoded(response))
    except StopIteration as done:
        claim: Claim = done.value
        return claim


def _answer(session: Session, challenge: bytes) -> Generator[bytes, None, bytes]:
    yield b"+ %b\r\n" % b2a_base64(challenge, newline=False)
    line = yield from session.line()
    session.transcript.add("C", MASKED)
    return line
