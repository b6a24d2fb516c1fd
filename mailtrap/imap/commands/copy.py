"""COPY and MOVE: messages into another mailbox."""

from __future__ import annotations

from collections.abc import Sequence

from mailtrap.imap.errors import No
from mailtrap.imap.grammar import Reader
from mailtrap.imap.mailboxes import target
from mailtrap.imap.quota import require_room_for
from mailtrap.imap.registry import SELECTED, command
from mailtrap.imap.responses import Done, Responses, status
from mailtrap.imap.session import Session
from mailtrap.imap.sets import spelled


@command("COPY", in_state=SELECTED, by_uid=True, uses_sequence=True, blocking=True)
def copy(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.4.7: all of them, or none."""
    uids, name = _arguments(session, args)
    mailbox = target(session, name)
    require_room_for(session, _source(session), uids)

    yield from ()
    pairs = session.store.copy(_source(session), uids, mailbox.id)
    return Done("copied", _copyuid(session.uidvalidity(mailbox.uidvalidity), pairs))


@command("MOVE", in_state=SELECTED, by_uid=True, blocking=True, capability="MOVE")
def move(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.4.8: COPYUID comes before the EXPUNGEs, untagged; those are told by the event."""
    uids, name = _arguments(session, args)
    if session.mailbox_selected.read_only:
        raise No("the mailbox was opened to look only", "READ-ONLY")
    mailbox = target(session, name)

    pairs = session.store.move(_source(session), uids, mailbox.id)
    code = _copyuid(session.uidvalidity(mailbox.uidvalidity), pairs)
    if code:
        yield status(b"*", "OK", "moved", code)
    return None


def _arguments(session: Session, args: Reader) -> tuple[Sequence[int], str]:
    args.space()
    wanted = args.sequence_set()
    args.space()
    name = args.mailbox()
    args.end()
    return session.mailbox_selected.resolve(wanted, by_uid=session.by_uid), name


def _source(session: Session) -> int:
    return session.mailbox_selected.mailbox


def _copyuid(uidvalidity: int, pairs: Sequence[tuple[int, int]]) -> str:
    """RFC 4315 §3: both sets in the same order, so only what ascends in both is a range."""
    if not pairs:
        return ""
    old, new = (spelled(_runs(each)).decode() for each in zip(*pairs, strict=True))
    return f"COPYUID {uidvalidity} {old} {new}"


def _runs(uids: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for uid in uids:
        if runs and uid == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], uid)
        else:
            runs.append((uid, uid))
    return runs
