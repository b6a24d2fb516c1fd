"""CAPABILITY: what the server can do."""

from __future__ import annotations

from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import ANY, command
from mailtrap.imap.responses import Responses, untagged
from mailtrap.imap.session import Session


@command("CAPABILITY", in_state=ANY)
def capability(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.1.1."""
    args.end()

    yield untagged(b"CAPABILITY", *(name.encode() for name in session.capabilities()))
    return None
