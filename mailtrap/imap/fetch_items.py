"""What FETCH can tell of a message, one function an item: its grammar, and what gives its octets (RFC 9051 §6.4.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailtrap.imap import fetch_sections
from mailtrap.imap.errors import BadSyntax
from mailtrap.imap.fetch_sections import Value, literal, where
from mailtrap.imap.grammar import Reader
from mailtrap.imap.responses import date_time
from mailtrap.imap.selected import Selected
from mailtrap.message import structure
from mailtrap.store.records import Fetched


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be told of each message: a name and a value, of the entry alone or of the message."""

    name: bytes
    of_entry: Callable[[Fetched], bytes] | None = None
    of_message: Value | None = None
    outline: bool = False
    """ENVELOPE or BODYSTRUCTURE are needed."""
    seen: bool = False
    r"""It sets ``\Seen``."""
    thinks: bool = False
    """It takes messages apart, which may take long."""
    scans: bool = False
    """It looks for the end of the header, which takes long where that is large."""


Parse = Callable[[Reader, Selected], Item]
"""Reads what follows the name of an item."""

ITEMS: dict[str, Parse] = {}

_NAME = re.compile(rb"[A-Za-z0-9.]+")
_LONGEST = 20
"""Characters of a name, and more."""

MACROS = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}


def item(name: str) -> Callable[[Parse], Parse]:
    """Register what reads the item *name*."""

    def register(parse: Parse) -> Parse:
        ITEMS[name] = parse
        return parse

    return register


def read_items(args: Reader, selected: Selected, *, by_uid: bool) -> list[Item]:
    """Several in parentheses, one, or a macro, which stands alone; each once, and with UID FETCH the UID."""
    found: list[Item] = [ITEMS["UID"](args, selected)] if by_uid else []  # RFC 9051 §6.4.9
    if args.peek() == b"(":
        found += args.list_of(lambda: _item(args, selected, _name(args)))
    else:
        name = _name(args)
        found += [_item(args, selected, each) for each in MACROS.get(name, (name,))]
    if len(found) == by_uid:
        raise BadSyntax("expected what to fetch")
    return list({item.name: item for item in found}.values())


def _name(args: Reader) -> str:
    """The name of an item, which a section may follow."""
    match = _NAME.match(args.peek(_LONGEST))
    if match is None:
        raise args.wrong("what to fetch")
    args.expect(match[0])
    return match[0].decode().upper()


def _item(args: Reader, selected: Selected, name: str) -> Item:
    parse = ITEMS.get(name)
    if parse is None:
        raise BadSyntax(f"there is no item {name}")
    return parse(args, selected)


# -- of the entry


@item("UID")
def _uid(_args: Reader, _selected: Selected) -> Item:
    return Item(b"UID", lambda row: b"%d" % row.uid)


@item("FLAGS")
def _flags(_args: Reader, selected: Selected) -> Item:
    return Item(b"FLAGS", selected.flag_list)


@item("INTERNALDATE")
def _internaldate(_args: Reader, _selected: Selected) -> Item:
    return Item(b"INTERNALDATE", lambda row: date_time(row.at))


@item("RFC822.SIZE")
def _rfc822_size(_args: Reader, _selected: Selected) -> Item:
    return Item(b"RFC822.SIZE", lambda row: b"%d" % row.size)


@item("ENVELOPE")
def _envelope(_args: Reader, _selected: Selected) -> Item:
    return Item(b"ENVELOPE", lambda row: row.envelope or b"NIL", outline=True)


@item("BODYSTRUCTURE")
def _bodystructure(_args: Reader, _selected: Selected) -> Item:
    return Item(b"BODYSTRUCTURE", lambda row: row.bodystructure or b"NIL", outline=True)


# -- of the message


@item("BODY")
def _body(args: Reader, _selected: Selected) -> Item:
    if args.peek() == b"[":
        return _section(args, seen=True)
    return Item(b"BODY", of_message=lambda message: (structure.body(*message.structure()),), thinks=True)


@item("BODY.PEEK")
def _body_peek(args: Reader, _selected: Selected) -> Item:
    return _section(args, seen=False)


def _section(args: Reader, *, seen: bool) -> Item:
    section, value = fetch_sections.section(args)
    thinks, scans = section[1:2].isdigit(), section[1:2].isalpha()
    return Item(b"BODY" + section, of_message=value, seen=seen, thinks=thinks, scans=scans)


@item("RFC822")
def _rfc822(_args: Reader, _selected: Selected) -> Item:
    return Item(b"RFC822", of_message=literal(where((), "")), seen=True)


@item("RFC822.HEADER")
def _rfc822_header(_args: Reader, _selected: Selected) -> Item:
    """RFC 3501 §6.4.5: unlike the other two it is a PEEK."""
    return Item(b"RFC822.HEADER", of_message=literal(where((), "HEADER")), scans=True)


@item("RFC822.TEXT")
def _rfc822_text(_args: Reader, _selected: Selected) -> Item:
    return Item(b"RFC822.TEXT", of_message=literal(where((), "TEXT")), seen=True, scans=True)


@item("BINARY")
def _binary(args: Reader, _selected: Selected) -> Item:
    section, value = fetch_sections.binary(args)
    return Item(b"BINARY" + section, of_message=value, seen=True, thinks=True)


@item("BINARY.PEEK")
def _binary_peek(args: Reader, _selected: Selected) -> Item:
    section, value = fetch_sections.binary(args)
    return Item(b"BINARY" + section, of_message=value, thinks=True)


@item("BINARY.SIZE")
def _binary_size(args: Reader, _selected: Selected) -> Item:
    section, value = fetch_sections.binary_size(args)
    return Item(b"BINARY.SIZE" + section, of_message=value, thinks=True)
