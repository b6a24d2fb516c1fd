"""STATUS: the counts of a mailbox, without selecting it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mailtrap.errors import NotFound
from mailtrap.imap.errors import BadSyntax
from mailtrap.imap.grammar import Reader
from mailtrap.imap.mailboxes import VIRTUAL
from mailtrap.imap.registry import AUTHENTICATED, command
from mailtrap.imap.responses import Responses, mailbox_name, parenthesized, untagged
from mailtrap.imap.session import Session
from mailtrap.store.records import Mailbox

Count = Callable[[Session, Mailbox], int]

COUNTS: dict[str, Count] = {
    "MESSAGES": lambda _, mailbox: mailbox.messages,
    "UIDNEXT": lambda _, mailbox: mailbox.uidnext,
    "UIDVALIDITY": lambda session, mailbox: session.uidvalidity(mailbox.uidvalidity),
    "UNSEEN": lambda _, mailbox: mailbox.unseen,
    "DELETED": lambda _, mailbox: mailbox.deleted,
    "SIZE": lambda _, mailbox: mailbox.size,
    "RECENT": lambda session, mailbox: _recent(session, mailbox),
}
"""The items of RFC 9051 §6.3.11, and the one that was RFC 3501's."""


@command("STATUS", in_state=AUTHENTICATED)
def status(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.11. Selecting is not required and not implied."""
    args.space()
    name = args.mailbox()
    args.space()
    items = status_items(args)
    args.end()

    if "RECENT" in items:  # for that all UIDs are looked at
        yield from session.in_pool()
    yield counts(session, name, items)
    return None


def status_items(args: Reader) -> list[str]:
    """The names of items, in parentheses; raises `BadSyntax` for one that is not known."""

    def known(name: str) -> str | None:
        return name if name in COUNTS else None

    items = args.list_of(lambda: args.one_of(known, "status item"))
    if not items:
        raise BadSyntax("expected a status item")
    return items


def counts(session: Session, name: str, items: Iterable[str]) -> bytes:
    """The untagged STATUS of a mailbox; raises `NotFound`."""
    mailbox = _found(session, name)
    words = [b"%b %d" % (item.encode(), COUNTS[item](session, mailbox)) for item in items]
    return untagged(b"STATUS", mailbox_name(name, utf8=session.rev2), parenthesized(words))


def _found(session: Session, name: str) -> Mailbox:
    login = session.account
    try:
        return session.store.mailbox(login.project, login.account, name)
    except NotFound:
        if name in VIRTUAL:  # nothing is in it, and to ask for that makes no row
            return Mailbox(0, 0, name, 1, 1, 0, 0, 0, 0, 0)
        raise NotFound(f"there is no mailbox {name}") from None


def _recent(session: Session, mailbox: Mailbox) -> int:
    return len(session.world.recents.unclaimed(mailbox.id, session.store.view(mailbox.id).uids)) if mailbox.id else 0
