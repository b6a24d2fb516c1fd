"""LOGIN: a user name and a password, as they are."""

from __future__ import annotations

from mailtrap.errors import NotFound
from mailtrap.imap.errors import No
from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import NOT_AUTHENTICATED, command
from mailtrap.imap.responses import Done, Responses
from mailtrap.imap.session import Session
from mailtrap.logins import log_in


@command("LOGIN", in_state=NOT_AUTHENTICATED)
def login(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.2.3. Any password will do."""
    args.space()
    user = args.astring()
    args.space()
    args.astring()
    args.end()

    yield from ()
    return logged_in(session, user.decode("utf-8", "surrogateescape"))


def logged_in(session: Session, user: str) -> Done:
    """*user* is who it is from now on; the capabilities of that state are told with it (RFC 9051 §7.1)."""
    if not session.may_log_in:
        raise No("log in after STARTTLS", "PRIVACYREQUIRED")
    try:
        session.login = log_in(session.store, session.world.current, user)
    except NotFound as error:
        raise No(str(error), "AUTHENTICATIONFAILED") from None
    return Done("logged in", f"CAPABILITY {' '.join(session.capabilities())}")
