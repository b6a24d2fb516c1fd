"""Room in an account, where its configuration limits that. What is in the way of mail is in the way of copies, too."""

from __future__ import annotations

from collections.abc import Sequence

from mailtrap.configured import Configured
from mailtrap.imap.errors import No
from mailtrap.imap.session import Session

PAGE = 500
"""So many entries are looked up at a time."""


def require_room(session: Session, octets: int) -> None:
    """Raise `No` if the account has no room for so many *octets* more (RFC 9208 §4.3.1)."""
    configured = _configured(session)
    if configured and session.world.accounts.is_full(session.account.project, configured, octets):
        raise No("the account is full", "OVERQUOTA")


def require_room_for(session: Session, mailbox: int, uids: Sequence[int]) -> None:
    """The same for copies of these messages of a mailbox."""
    if _configured(session):
        pages = (uids[start : start + PAGE] for start in range(0, len(uids), PAGE))
        sizes = [each.size for page in pages for each in session.store.fetch(mailbox, page)]
        if sizes:
            require_room(session, sum(sizes))


def _configured(session: Session) -> Configured | None:
    accounts, login = session.world.accounts, session.account
    return accounts.find(login.project, login.account) if accounts.any else None
