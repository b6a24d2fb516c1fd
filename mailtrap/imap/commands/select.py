"""SELECT and EXAMINE: open a mailbox, to change it or only to look."""

from __future__ import annotations

from mailtrap.imap.grammar import Reader
from mailtrap.imap.mailboxes import opened
from mailtrap.imap.registry import AUTHENTICATED, command
from mailtrap.imap.responses import Done, Responses, mailbox_name, status, untagged
from mailtrap.imap.selected import Selected
from mailtrap.imap.session import Session


@command("SELECT", in_state=AUTHENTICATED, blocking=True)
def select(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.2."""
    return (yield from _open(session, args, read_only=False))


@command("EXAMINE", in_state=AUTHENTICATED, blocking=True)
def examine(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.3."""
    return (yield from _open(session, args, read_only=True))


def _open(session: Session, args: Reader, *, read_only: bool) -> Responses:
    args.space()
    name = args.mailbox()
    _parameters(args)
    args.end()

    if session.selected is not None:
        session.deselect()  # also where the other cannot be selected
        yield status(b"*", "OK", "the mailbox is closed", "CLOSED")
    mailbox = opened(session, name)
    yield from session.watch(mailbox.id)
    selected = session.select(read_only=read_only)
    yield from _described(session, selected, mailbox.name)
    return Done(code="READ-ONLY" if read_only else "READ-WRITE")


def _described(session: Session, selected: Selected, name: str) -> Responses:
    yield selected.exists() + selected.flags()
    if selected.unseen is not None and not session.rev2:
        number = selected.number(selected.unseen)
        yield status(b"*", "OK", "the first that was not seen", f"UNSEEN {number}")
    yield status(b"*", "OK", "these UIDs hold", f"UIDVALIDITY {session.uidvalidity(selected.uidvalidity)}")
    yield status(b"*", "OK", "the next UID", f"UIDNEXT {selected.uidnext}")
    if session.rev2:
        yield untagged(b"LIST", b"()", b'"/"', mailbox_name(name, utf8=True))
    return None


def _parameters(args: Reader) -> None:
    """None are known; an unknown one is BAD (RFC 4466 §2.4)."""
    if args.eat(b" "):
        args.list_of(lambda: args.one_of(lambda _: None, "parameter"))
