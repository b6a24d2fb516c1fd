"""LOGOUT: the end."""

from __future__ import annotations

from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import ANY, command
from mailtrap.imap.responses import Responses
from mailtrap.imap.session import Session


@command("LOGOUT", in_state=ANY)
def logout(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.1.3."""
    args.end()

    session.deselect()
    yield session.leave("bye")
    return None
