"""CREATE, DELETE and RENAME: what mailboxes there are."""

from __future__ import annotations

from mailtrap.errors import AlreadyExists, NotFound
from mailtrap.imap.errors import No
from mailtrap.imap.grammar import Reader
from mailtrap.imap.mailboxes import DELIMITER, INBOX, VIRTUAL, new_name, opened, superiors
from mailtrap.imap.registry import AUTHENTICATED, command
from mailtrap.imap.responses import Responses
from mailtrap.imap.session import Session


@command("CREATE", in_state=AUTHENTICATED, blocking=True)
def create(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.4: and what is missing above it."""
    args.space()
    name = new_name(args.mailbox())
    args.end()
    if name in VIRTUAL:
        raise AlreadyExists(f"{name} is there already")

    _make_superiors(session, name)
    session.store.make_mailbox(session.account.project, session.account.account, name)
    yield from ()
    return None


@command("DELETE", in_state=AUTHENTICATED, blocking=True)
def delete(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.5. Those below it stay; what is always there is only emptied."""
    args.space()
    name = args.mailbox()
    args.end()
    if name == INBOX:
        raise No("INBOX cannot be deleted", "CANNOT")

    try:
        session.store.delete_mailbox(session.account.project, session.account.account, name)
    except NotFound:
        if name not in VIRTUAL:
            raise
    yield from ()
    return None


@command("RENAME", in_state=AUTHENTICATED, blocking=True)
def rename(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.6: with all that is below it; of INBOX only the messages move."""
    args.space()
    old = args.mailbox()
    args.space()
    new = new_name(args.mailbox())
    args.end()
    if new in VIRTUAL:
        raise AlreadyExists(f"{new} is there already")
    if new.startswith(old + DELIMITER) and old != INBOX:
        raise No("a mailbox cannot be moved below itself", "CANNOT")

    _make_real(session, old)
    _make_superiors(session, new)
    session.store.rename_mailbox(session.account.project, session.account.account, old, new)
    yield from ()
    return None


def _make_real(session: Session, name: str) -> None:
    """A name that is always there, or only because of others below it, can be renamed, too; raises `NotFound`."""
    login, store = session.account, session.store
    try:
        opened(session, name)
    except NotFound:
        every = store.mailboxes(login.project, login.account)
        if not any(each.name.startswith(name + DELIMITER) for each in every):
            raise
        store.open_mailbox(login.project, login.account, name)


def _make_superiors(session: Session, name: str) -> None:
    login = session.account
    for superior in reversed(superiors(name)):
        session.store.open_mailbox(login.project, login.account, superior)
