"""Which mailboxes an account has: those with a row, those that are always there, and names above others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailtrap.errors import NotFound, ProjectGone
from mailtrap.imap.errors import No
from mailtrap.imap.session import Session
from mailtrap.store.records import Mailbox

INBOX = "INBOX"
DELIMITER = "/"
LONGEST = 1000
"""Characters of a name."""
DEEPEST = 50

SPECIAL_USE = {
    "Archive": rb"\Archive",
    "Drafts": rb"\Drafts",
    "Junk": rb"\Junk",
    "Sent": rb"\Sent",
    "Trash": rb"\Trash",
}
"""What every account has, and what for (RFC 6154 §2)."""

VIRTUAL = frozenset((INBOX, *SPECIAL_USE))
"""They are there before anything is in them; a row is made when it is needed."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A name in the hierarchy."""

    name: str
    exists: bool
    """It can be selected, not only gone through."""
    has_children: bool
    """Something below it exists."""
    subscribed: bool

    @property
    def special_use(self) -> bytes:
        """Its attribute by RFC 6154; empty, if it has none."""
        return SPECIAL_USE.get(self.name, b"")


def folders(session: Session) -> list[Folder]:
    """All of them: INBOX first, the others by name. Subscribed names are there even if nothing else is."""
    login, store = session.account, session.store
    real = VIRTUAL.union(each.name for each in store.mailboxes(login.project, login.account))
    subscribed = subscriptions(session)
    names = with_superiors(real | subscribed)
    parents = {superior for name in real for superior in superiors(name)}
    return [
        Folder(name, name in real, name in parents, name in subscribed)
        for name in sorted(names, key=lambda name: (name != INBOX, name))
    ]


def subscriptions(session: Session) -> set[str]:
    """The names that are subscribed: what is always there, until it is unsubscribed, and what was asked for."""
    login = session.account
    asked = session.store.subscriptions(login.project, login.account)
    return {name for name in VIRTUAL.union(asked) if asked.get(name, name in VIRTUAL)}


def with_superiors(names: Iterable[str]) -> set[str]:
    """*names*, and all that are above them."""
    return {each for name in names for each in (name, *superiors(name))}


def superiors(name: str) -> list[str]:
    """The names above a name, the nearest first.

    >>> superiors("a/b/c")
    ['a/b', 'a']
    """
    found = []
    while DELIMITER in name:
        name = name.rpartition(DELIMITER)[0]
        found.append(name)
    return found


def opened(session: Session, name: str) -> Mailbox:
    """The mailbox called so; made, if it is one that is always there. Raises `NotFound`."""
    login = session.account
    try:
        return session.store.mailbox(login.project, login.account, name)
    except NotFound:
        if name not in VIRTUAL:
            raise NotFound(f"there is no mailbox {name}") from None
    return session.store.open_mailbox(login.project, login.account, name)


def target(session: Session, name: str) -> Mailbox:
    """The mailbox to put messages into; a client is told that it may make it, if there is none (RFC 9051 §6.3.12)."""
    try:
        return opened(session, name)
    except ProjectGone:
        raise
    except NotFound as error:
        raise No(f"{error}; create it first", "TRYCREATE") from None


def new_name(name: str) -> str:
    """A name that a mailbox can be given; a delimiter at its end only announces others below (RFC 9051 §6.3.4)."""
    name = name.removesuffix(DELIMITER)
    if not name or len(name) > LONGEST or name.count(DELIMITER) > DEEPEST:
        raise No("the name is empty, too long or too deep", "CANNOT")
    if any(not each for each in name.split(DELIMITER)):
        raise No(f"a name has something before and behind each {DELIMITER}", "CANNOT")
    if _FORBIDDEN.search(name):
        raise No("a name has no control characters and no wildcards", "CANNOT")
    return name


_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029*%]")
"""Net-Unicode (RFC 5198 §2), to which RFC 9051 §5.1 holds servers, has no control characters; we no wildcards."""
