"""STARTTLS: go on in secret."""

from __future__ import annotations

from mailtrap.imap.errors import Bad
from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import NOT_AUTHENTICATED, command
from mailtrap.imap.responses import Done, Responses
from mailtrap.imap.session import Session


@command("STARTTLS", in_state=NOT_AUTHENTICATED)
def starttls(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.2.1. What the client has sent behind it is not read."""
    args.end()
    if session.tls is not None:
        raise Bad("the connection is secured already")
    if not session.world.starttls:
        raise Bad("STARTTLS is not offered here")

    session.starting_tls = True
    yield from ()
    return Done("begin TLS now")
