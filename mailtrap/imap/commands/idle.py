"""IDLE: hear of everything at once."""

from __future__ import annotations

from mailtrap.imap.errors import Bad
from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import AUTHENTICATED, command
from mailtrap.imap.responses import Responses
from mailtrap.imap.session import Session


@command("IDLE", in_state=AUTHENTICATED, capability="IDLE")
def idle(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.13, up to the client's DONE."""
    args.end()

    yield b"+ idling\r\n"
    session.idling = True
    try:
        line = yield from session.line()
    finally:
        session.idling = False
    if line.strip().upper() != b"DONE":
        raise Bad("IDLE ends with DONE")
    session.transcript.add("C", b"DONE")
    return None
