"""Sections of messages in FETCH: their grammar, and what gives their octets (RFC 9051 §6.4.5.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

from mailtrap.imap.errors import BadSyntax
from mailtrap.imap.grammar import Reader
from mailtrap.imap.opened import Opened
from mailtrap.imap.responses import astring
from mailtrap.message import sections

Value = Callable[[Opened], Iterable[bytes]]
"""Gives an item's value, in pieces. What can go wrong goes wrong when it is called; only then octets are read on."""
Where = Callable[[Opened], tuple[int, int]]
"""Where a section lies in a message."""
Numbers = tuple[int, ...]
"""A part's."""
Partial = tuple[int, int] | None
"""The first octet that is wanted, and how many at most."""

_TEXTS = ("HEADER.FIELDS.NOT", "HEADER.FIELDS", "HEADER", "TEXT", "MIME")


def section(args: Reader) -> tuple[bytes, Value]:
    """``[section]<partial>`` as it is repeated, and what gives it."""
    args.expect(b"[")
    numbers = _part(args)
    text = _text(args, numbers)
    names = _field_names(args) if text.startswith("HEADER.FIELDS") else []
    args.expect(b"]")
    partial = _partial(args)
    name = b"[%b]%b" % (_spelled(numbers, text, names), _origin(partial))
    if names:
        return name, _fields(where(numbers, "HEADER"), names, partial, others=text.endswith("NOT"))
    return name, literal(where(numbers, text), partial)


def binary(args: Reader) -> tuple[bytes, Value]:
    """The same for BINARY: the octets of a part with its transfer encoding undone."""
    numbers = _bracketed(args)
    partial = _partial(args)
    name = b"[%b]%b" % (_dotted(numbers), _origin(partial))
    if not numbers:  # a message as a whole is not encoded; whether it has a NUL would have to be looked for first
        return name, literal(where((), ""), partial, b"~")

    def value(message: Opened) -> Iterable[bytes]:
        octets = _cut(_content(message, numbers), partial)
        mark = b"~" if 0 in octets else b""  # RFC 9051 §7.5.2: a string says that there is none
        return (b"%b{%d}\r\n" % (mark, len(octets)), octets)

    return name, value


def binary_size(args: Reader) -> tuple[bytes, Value]:
    """``[section]``, and what gives the size of the content."""
    numbers = _bracketed(args)
    return b"[%b]" % _dotted(numbers), lambda message: (b"%d" % _content_size(message, numbers),)


def where(numbers: Numbers, text: str) -> Where:
    """Where a section lies: without a part number no structure is needed for that."""
    if numbers:
        return lambda message: sections.section(message.root, numbers, text)
    if text == "HEADER":
        return lambda message: (0, message.header_end)
    if text == "TEXT":
        return lambda message: (message.header_end, message.size)
    return lambda message: (0, message.size)


def literal(where: Where, partial: Partial = None, mark: bytes = b"") -> Value:
    """What gives a slice of the message as a literal: NULs too, for what was sent is what is told."""

    def value(message: Opened) -> Iterable[bytes]:
        start, stop = where(message)
        if partial is not None:
            start = min(start + partial[0], stop)
            stop = min(start + partial[1], stop)
        return chain((b"%b{%d}\r\n" % (mark, stop - start),), message.pieces(start, stop))

    return value


# -- the grammar


def _part(args: Reader) -> Numbers:
    """Numbers with dots between them, and the dot before a text."""
    numbers: list[int] = []
    while args.peek().isdigit():
        numbers.append(args.nz_number())
        if not args.eat(b"."):
            return tuple(numbers)
    if numbers and not args.peek().isalpha():
        raise args.wrong("a part number or a text")
    return tuple(numbers)


def _text(args: Reader, numbers: Numbers) -> str:
    """What of a part is wanted: MIME only behind a number."""
    if not args.peek().isalpha():
        return ""
    for text in _TEXTS if numbers else _TEXTS[:-1]:
        if args.eat(text.encode()):
            return text
    raise args.wrong("HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, TEXT, a part number, or MIME behind one")


def _field_names(args: Reader) -> list[bytes]:
    """In upper case, as they are repeated: `FROM`."""
    args.space()
    names = args.list_of(args.astring)
    if not names:
        raise BadSyntax("expected the name of a field")
    return [name.upper() for name in names]


def _bracketed(args: Reader) -> Numbers:
    args.expect(b"[")
    numbers = _part(args)
    args.expect(b"]")
    return numbers


def _partial(args: Reader) -> Partial:
    if not args.eat(b"<"):
        return None
    first = args.number()
    args.expect(b".")
    count = args.nz_number()
    args.expect(b">")
    return first, count


def _spelled(numbers: Numbers, text: str, names: list[bytes]) -> bytes:
    words = b".".join(filter(None, (_dotted(numbers), text.encode())))
    return b"%b (%b)" % (words, b" ".join(map(astring, names))) if names else words


def _dotted(numbers: Numbers) -> bytes:
    return b".".join([b"%d" % number for number in numbers])


def _origin(partial: Partial) -> bytes:
    return b"<%d>" % partial[0] if partial else b""


# -- the octets


def _fields(where: Where, names: list[bytes], partial: Partial, *, others: bool) -> Value:
    """What puts together the fields of a header that are wanted."""
    wanted = frozenset(name.lower() for name in names)
    chosen = sections.other_fields if others else sections.fields

    def value(message: Opened) -> Iterable[bytes]:
        octets = _cut(chosen(message.octets(*where(message)), wanted), partial)
        return (b"{%d}\r\n" % len(octets), octets)

    return value


def _cut(octets: bytes, partial: Partial) -> bytes:
    return octets if partial is None else octets[partial[0] : partial[0] + partial[1]]


def _content(message: Opened, numbers: Numbers) -> bytes:
    part = sections.part_at(message.root, numbers)
    if part is None:
        return b""
    undo = sections.decoder(part)
    octets = message.octets(part.body, part.end)
    return octets if undo is None else undo(octets)


def _content_size(message: Opened, numbers: Numbers) -> int:
    if not numbers:
        return message.size
    part = sections.part_at(message.root, numbers)
    if part is None:
        return 0
    undo = sections.decoder(part)
    return part.end - part.body if undo is None else len(undo(message.octets(part.body, part.end)))
