"""SUBSCRIBE and UNSUBSCRIBE: which mailboxes a client shows."""

from __future__ import annotations

from mailtrap.imap.grammar import Reader
from mailtrap.imap.mailboxes import new_name
from mailtrap.imap.registry import AUTHENTICATED, command
from mailtrap.imap.responses import Responses
from mailtrap.imap.session import Session


@command("SUBSCRIBE", in_state=AUTHENTICATED, blocking=True)
def subscribe(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.7; the mailbox need not be there."""
    return (yield from _change(session, args, subscribed=True))


@command("UNSUBSCRIBE", in_state=AUTHENTICATED, blocking=True)
def unsubscribe(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.8."""
    return (yield from _change(session, args, subscribed=False))


def _change(session: Session, args: Reader, *, subscribed: bool) -> Responses:
    args.space()
    name = new_name(args.mailbox())
    args.end()

    session.store.subscribe(session.account.project, session.account.account, name, subscribed)
    yield from ()
    return None
