"""LIST and LSUB: the names of mailboxes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from mailtrap.imap.commands.status import counts, status_items
from mailtrap.imap.errors import Bad
from mailtrap.imap.grammar import Reader
from mailtrap.imap.mailboxes import DELIMITER, Folder, folders
from mailtrap.imap.patterns import matches
from mailtrap.imap.registry import AUTHENTICATED, command
from mailtrap.imap.responses import Responses, mailbox_name, parenthesized, untagged
from mailtrap.imap.session import Session

SELECTION = frozenset(("SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"))
RETURN = frozenset(("SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "STATUS"))


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


@command("LIST", in_state=AUTHENTICATED)
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
    if asked.selection and not asked.selection - {"RECURSIVEMATCH", "REMOTE"} and "RECURSIVEMATCH" in asked.selection:
        raise Bad("RECURSIVEMATCH selects nothing by itself")  # RFC 9051 §6.3.9.1

    if patterns == [""] and selection is None:
        yield untagged(b"LIST", rb"(\Noselect)", b'"/"', b'""')  # what the delimiter is
        return None
    for folder, below in _selected(session, asked):
        yield _listed(session, folder, asked, below)
        if asked.status and folder.exists:
            yield counts(session, folder.name, asked.status)
    return None


@command("LSUB", in_state=AUTHENTICATED)
def lsub(session: Session, args: Reader) -> Responses:
    """RFC 3501 §6.3.9; a name above subscribed ones that ``%`` hides is told in their place."""
    args.space()
    reference = args.mailbox()
    args.space()
    pattern = reference + args.list_mailbox()
    args.end()

    every = folders(session)
    above = {each.name for each in every if _subscribed_below(each, every)}
    for folder in every:
        hidden = folder.name in above and pattern.endswith("%")
        if matches(pattern, folder.name) and (folder.subscribed or hidden):
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


def _selected(session: Session, asked: Asked) -> Iterator[tuple[Folder, bool]]:
    """The names that are told, each with whether it is only because of what is below it."""
    every = folders(session)
    for folder in every:
        if not any(matches(pattern, folder.name) for pattern in asked.patterns):
            continue
        fits = _fits(folder, asked)
        below = "RECURSIVEMATCH" in asked.selection and _subscribed_below(folder, every)
        if fits or below:
            yield folder, below


def _fits(folder: Folder, asked: Asked) -> bool:
    if "SUBSCRIBED" in asked.selection and not folder.subscribed:
        return False
    if "SPECIAL-USE" in asked.selection and not folder.special_use:
        return False
    # A name that is neither a mailbox nor above one is there because it is subscribed, and told only to who asks so.
    return folder.exists or folder.has_children or "SUBSCRIBED" in asked.selection


def _subscribed_below(folder: Folder, every: list[Folder]) -> bool:
    return folder.has_children and any(
        each.subscribed and each.name.startswith(folder.name + DELIMITER) for each in every
    )


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
