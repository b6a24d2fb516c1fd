"""CLOSE and UNSELECT: leave the mailbox, with or without removing what is marked."""

from __future__ import annotations

from mailtrap.imap.commands.expunge import marked, removed
from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import SELECTED, command
from mailtrap.imap.responses import Responses
from mailtrap.imap.session import Session


@command("CLOSE", in_state=SELECTED, blocking=True)
def close(session: Session, args: Reader) -> Responses:
    r"""RFC 9051 §6.4.1: what is ``\Deleted`` goes, and nobody tells this client."""
    args.end()

    selected = session.mailbox_selected
    if not selected.read_only:
        removed(session, marked(session, selected.uids))
    session.deselect()
    yield from ()
    return None


@command("UNSELECT", in_state=SELECTED, capability="UNSELECT")
def unselect(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.4.2."""
    args.end()

    session.deselect()
    yield from ()
    return None
