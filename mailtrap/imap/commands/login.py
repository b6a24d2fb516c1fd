"""LOGIN: a user name and a password, as they are."""

from __future__ import annotations

from collections.abc import Generator

from mailtrap.imap.errors import No
from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import NOT_AUTHENTICATED, command
from mailtrap.imap.responses import Done, Responses
from mailtrap.imap.session import Session
from mailtrap.sasl import Claim, said


@command("LOGIN", in_state=NOT_AUTHENTICATED)
def login(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.2.3."""
    args.space()
    user = args.astring()
    args.space()
    password = args.astring()
    args.end()

    return (yield from logged_in(session, said(user, password)))


def logged_in(session: Session, claim: Claim) -> Generator[bytes, None, Done]:
    """Whose account it is from now on; the capabilities of that state are told with it (RFC 9051 §7.1)."""
    if not session.may_log_in:
        raise No("log in after STARTTLS", "PRIVACYREQUIRED")
    login = yield from session.world.logins.log_in_after_pause(claim, session, session.transcript.peer)
    yield from session.enter(login)
    return Done("logged in", f"CAPABILITY {' '.join(session.capabilities())}")
