"""SEARCH: which messages fit."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from mailtrap.imap import criteria
from mailtrap.imap.errors import Bad, BadSyntax
from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import SELECTED, command
from mailtrap.imap.responses import CHUNK, Responses
from mailtrap.imap.search_keys import Keys
from mailtrap.imap.selected import Selected
from mailtrap.imap.session import Session
from mailtrap.imap.sets import compressed

OPTIONS = frozenset("MIN MAX ALL COUNT SAVE".split())


@command("SEARCH", in_state=SELECTED, by_uid=True, uses_sequence=True, blocking=True)
def search(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.4.4, and RFC 3501 §6.4.4 for those who have not enabled IMAP4rev2."""
    selected = session.mailbox_selected
    args.space()
    options = _options(args)
    try:
        program = Keys(args, len(selected.uids)).program()
        found = criteria.found(program, session.store, selected)
    except Bad:
        raise
    except Exception:
        if options and "SAVE" in options:  # RFC 9051 §6.4.4.1: so it is after a NO, not after a BAD
            selected.saved = []
        raise
    uids = [uid for uid in selected.uids if uid in found]

    if options and "SAVE" in options:
        selected.saved = _saved(uids, options)
    if options == {"SAVE"}:
        return None
    shown = uids if session.by_uid else _numbers(selected, found)
    if options is None and not session.rev2:
        yield from _pieces(b" ".join([b"* SEARCH", *(b"%d" % number for number in shown)]))
    else:
        yield from _pieces(_extended(session, shown, options or {"ALL"}))
    return None


def _options(args: Reader) -> set[str] | None:
    """What is to be returned: all, if nothing is named; None without a RETURN."""
    if not args.eat(b"RETURN "):
        return None
    options = set(args.list_of(args.keyword))
    if not options <= OPTIONS:  # RFC 9051 §6.4.4: what no extension defines is BAD
        raise BadSyntax(f"there is no search option {min(options - OPTIONS)}")
    args.space()
    return options or {"ALL"}


def _saved(uids: list[int], options: Collection[str]) -> list[int]:
    """What ``$`` means from now on (RFC 9051 §6.4.4.1, table 4)."""
    if "ALL" in options or "COUNT" in options or not {"MIN", "MAX"} & set(options):
        return uids
    ends = {*(uids[:1] if "MIN" in options else ()), *(uids[-1:] if "MAX" in options else ())}
    return sorted(ends)


def _numbers(selected: Selected, found: set[int]) -> list[int]:
    return [number for number, uid in enumerate(selected.uids, 1) if uid in found]


def _extended(session: Session, shown: list[int], options: Collection[str]) -> bytes:
    """RFC 9051 §7.3.4."""
    words = [b'* ESEARCH (TAG "%b")' % session.tag]
    if session.by_uid:
        words.append(b"UID")
    if "MIN" in options and shown:
        words.append(b"MIN %d" % shown[0])
    if "MAX" in options and shown:
        words.append(b"MAX %d" % shown[-1])
    if "ALL" in options and shown:
        words.append(b"ALL " + compressed(shown))
    if "COUNT" in options:
        words.append(b"COUNT %d" % len(shown))
    return b" ".join(words)


def _pieces(line: bytes) -> Iterator[bytes]:
    line += b"\r\n"
    for start in range(0, len(line), CHUNK):
        yield line[start : start + CHUNK]
