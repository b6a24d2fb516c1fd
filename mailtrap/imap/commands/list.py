"""LIST and LSUB: the names of mailboxes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from mailtrap.errors import NotFound
from mailtrap.imap.commands.status import counts, status_items
from mailtrap.imap.errors import Bad, No
from mailtrap.imap.grammar import Reader
from mailtrap.imap.mailboxes import Folder, folders, superiors
from mailtrap.imap.patterns import Pattern
from mailtrap.imap.registry import AUTHENTICATED, command
from mailtrap.imap.responses import Responses, mailbox_name, parenthesized, untagged
from mailtrap.imap.session import Session

SELECTION = frozenset(("SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"))
RETURN = frozenset(("SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "STATUS"))

MOST = 100
"""So many patterns may there be: each looks at every name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a LIST asks for (RFC 9051 §6.3.9)."""

    selection: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    returns: frozenset[str] = frozenset()
    status: tuple[str, ...] = ()

    @property
    def subscribed(self) -> bool:
        """Whether each name says that it is subscribed."""
        return "SUBSCRIBED" in self.selection | self.returns


@command("LIST", in_state=AUTHENTICATED, blocking=True)
def list_(session: Session, args: Reader) -> Responses:
    """RFC 9051 §6.3.9, so with LIST-EXTENDED (RFC 5258), LIST-STATUS (RFC 5819) and SPECIAL-USE (RFC 6154)."""
    args.space()
    selection = frozenset(args.list_of(lambda: _option(args, SELECTION))) if args.peek() == b"(" else None
    if selection is not None:
        args.space()
    reference = args.mailbox()
    args.space()
    basic = args.peek() != b"("
    patterns = [args.list_mailbox()] if basic else args.list_of(args.list_mailbox)
    asked = _returning(args, selection or frozenset(), tuple(reference + each for each in patterns))
    args.end()
    if len(patterns) > MOST:
        raise No(f"there are more than {MOST} patterns", "LIMIT")
    if "RECURSIVEMATCH" in asked.selection and "SUBSCRIBED" not in asked.selection:
        raise Bad("RECURSIVEMATCH needs SUBSCRIBED")  # RFC 9051 §9, list-select-opts; SPECIAL-USE does not suffice

    if patterns == [""] and selection is None:
        yield untagged(b"LIST", rb"(\Noselect)", b'"/"', b'""')  # what the delimiter is
        return None
    for folder, fits, below in _selected(session, asked):
        yield _listed(session, folder, asked, below)
        if asked.status and folder.exists and fits:  # RFC 9051 §6.3.9.8, example 11
            yield _status(session, folder, asked)
    return None


@command("LSUB", in_state=AUTHENTICATED, blocking=True)
def lsub(session: Session, args: Reader) -> Responses:
    """RFC 3501 §6.3.9; a name above subscribed ones that ``%`` hides is told in their place."""
    args.space()
    reference = args.mailbox()
    args.space()
    pattern = reference + args.list_mailbox()
    args.end()

    every = folders(session)
    above = _above(folder for folder in every if folder.subscribed) if pattern.endswith("%") else set()
    fitting = Pattern(pattern)
    for folder in every:
        if (folder.subscribed or folder.name in above) and fitting.matches(folder.name):
            attributes = [] if folder.subscribed else [rb"\Noselect"]
            name = mailbox_name(folder.name, utf8=session.rev2)
            yield untagged(b"LSUB", parenthesized(attributes), b'"/"', name)
    return None


def _option(args: Reader, known: Collection[str]) -> str:
    return args.one_of(lambda name: name if name in known else None, "option")


def _returning(args: Reader, selection: frozenset[str], patterns: tuple[str, ...]) -> Asked:
    if not args.eat(b" "):
        return Asked(selection, patterns)
    args.expect(b"RETURN")
    args.space()
    items: list[str] = []

    def option() -> str:
        name = _option(args, RETURN)
        if name == "STATUS":
            args.space()
            items.extend(status_items(args))
        return name

    return Asked(selection, patterns, frozenset(args.list_of(option)), tuple(items))


def _selected(session: Session, asked: Asked) -> Iterator[tuple[Folder, bool, bool]]:
    """The names that are told: whether each fits, and whether others do below it, if that is asked (RECURSIVEMATCH)."""
    every = folders(session)
    patterns = [Pattern(each) for each in asked.patterns]
    recursive = "RECURSIVEMATCH" in asked.selection
    above = _above(folder for folder in every if _fits(folder, asked)) if recursive else set()
    for folder in every:
        fits, below = _fits(folder, asked), folder.name in above
        if (fits or below) and any(pattern.matches(folder.name) for pattern in patterns):
            yield folder, fits, below


def _above(found: Iterable[Folder]) -> set[str]:
    return {superior for folder in found for superior in superiors(folder.name)}


def _fits(folder: Folder, asked: Asked) -> bool:
    if "SUBSCRIBED" in asked.selection and not folder.subscribed:
        return False
    if "SPECIAL-USE" in asked.selection and not folder.special_use:
        return False
    # A name that is neither a mailbox nor above one is there because it is subscribed, and told only to who asks so.
    return folder.exists or folder.has_children or "SUBSCRIBED" in asked.selection


def _listed(session: Session, folder: Folder, asked: Asked, below: bool) -> bytes:
    attributes = [rb"\HasChildren" if folder.has_children else rb"\HasNoChildren"]
    if not folder.exists:
        attributes.append(rb"\NonExistent" if session.rev2 or asked.selection or asked.returns else rb"\Noselect")
    if folder.special_use:
        attributes.append(folder.special_use)
    if asked.subscribed and folder.subscribed:
        attributes.append(rb"\Subscribed")
    name = mailbox_name(folder.name, utf8=session.rev2)
    extended = [b'("CHILDINFO" ("SUBSCRIBED"))'] if below else []
    return untagged(b"LIST", parenthesized(attributes), b'"/"', name, *extended)


def _status(session: Session, folder: Folder, asked: Asked) -> bytes:
    try:
        return counts(session, folder.name, asked.status)
    except NotFound:  # somebody has deleted it since
        return b""
