r"""EXPUNGE: what is ``\Deleted`` leaves the mailbox, for ever."""

from __future__ import annotations

from collections.abc import Sequence

from mailtrap.imap.errors import No
from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import SELECTED, command
from mailtrap.imap.responses import Responses
from mailtrap.imap.session import Session


@command("EXPUNGE", in_state=SELECTED, by_uid=True, blocking=True, capability="UIDPLUS")
def expunge(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.4.3; ``UID EXPUNGE`` is RFC 9051 §6.4.9. It is told to this client as to any other, by the event."""
    selected = session.mailbox_selected
    uids: Sequence[int] = selected.uids
    if session.by_uid:
        args.space()
        uids = selected.resolve(args.sequence_set(), by_uid=True)
    args.end()
    if selected.read_only:
        raise No("the mailbox was opened to look only", "READ-ONLY")

    removed(session, marked(session, uids))
    yield from ()
    return None


def marked(session: Session, uids: Sequence[int]) -> list[int]:
    r"""Those of *uids*, all of which the client knows of, that are ``\Deleted``."""
    known = set(uids)
    return [uid for uid in session.store.deleted(session.mailbox_selected.mailbox) if uid in known]


def removed(session: Session, uids: Sequence[int]) -> None:
    """Take *uids* out of the mailbox that is selected."""
    if uids:
        session.store.remove(session.mailbox_selected.mailbox, uids, "imap")
