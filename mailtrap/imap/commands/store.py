"""STORE: change the flags of messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mailtrap.imap.errors import No
from mailtrap.imap.flags import Flags, read_flags
from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import SELECTED, command
from mailtrap.imap.responses import Responses, pieces
from mailtrap.imap.session import Session

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done to the flags."""

    how: Literal["+", "-", ""]
    silent: bool
    flags: Flags


@command("STORE", in_state=SELECTED, by_uid=True, uses_sequence=True, blocking=True)
def store(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.4.6."""
    selected = session.mailbox_selected
    args.space()
    wanted = args.sequence_set()
    args.space()
    change = _change(args)
    args.end()
    uids = selected.resolve(wanted, by_uid=session.by_uid)
    if selected.read_only:
        raise No("the mailbox was opened to look only", "READ-ONLY")

    for start in range(0, len(uids), PAGE):
        yield from _apply(session, uids[start : start + PAGE], change)
    return None


def _change(args: Reader) -> Change:
    how: Literal["+", "-", ""] = "+" if args.eat(b"+") else "-" if args.eat(b"-") else ""
    args.expect(b"FLAGS")
    silent = args.eat(b".SILENT")
    args.space()
    return Change(how, silent, read_flags(args))


def _apply(session: Session, uids: Sequence[int], change: Change) -> Responses:
    selected, flags = session.mailbox_selected, change.flags
    if change.how != "-":
        yield selected.announce_keywords(flags.keywords)
    before = session.store.cursor()
    if change.how == "-":
        modseq = session.store.flag(selected.mailbox, uids, remove=flags.system, remove_keywords=flags.keywords)
    else:
        modseq = session.store.flag(
            selected.mailbox, uids, add=flags.system, add_keywords=flags.keywords, replace=not change.how
        )
    if not change.silent:
        rows = session.store.fetch(selected.mailbox, uids)
        selected.told(rows)
        yield selected.new_keywords(rows)
        yield from pieces(map(selected.flags_response, rows))
    elif modseq > before:  # it did change something
        selected.own(uids, modseq)
    return None
