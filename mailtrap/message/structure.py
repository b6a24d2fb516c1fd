"""ENVELOPE and BODYSTRUCTURE: what IMAP tells of a message without giving it, as ready octets.

A pure function of the message, RFC 9051 §7.5.2. Headers are told as they were sent, unfolded and with encoded words
as they are; octets that are not ASCII stay what they are, in a literal.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from mailtrap.message import parameters, scan
from mailtrap.message.addressed import addresses
from mailtrap.message.headers import Header
from mailtrap.message.limits import LIMITS
from mailtrap.message.parse import Octets, Part, Structure
from mailtrap.message.strings import encoded, nstring, string, unfolded

_Fields = Mapping[bytes, bytes]


def envelope(octets: Octets, structure: Structure) -> bytes:  # noqa: ARG001 - the three are called alike
    """The ENVELOPE of a message.

    >>> from mailtrap.message.parse import parse
    >>> octets = b"From: Ann <ann@example.com>\\r\\nSubject: Hi\\r\\n\\r\\n"
    >>> envelope(octets, parse(octets))[:62]
    b'(NIL "Hi" (("Ann" NIL "ann" "example.com")) (("Ann" NIL "ann" '
    """
    return encoded(_envelope(structure.header))


def bodystructure(octets: Octets, structure: Structure) -> bytes:
    """The BODYSTRUCTURE of a message.

    >>> from mailtrap.message.parse import parse
    >>> bodystructure(b"\\r\\nHello\\r\\n", parse(b"\\r\\nHello\\r\\n"))
    b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL)'
    """
    return _Outline(octets, extended=True).of(structure)


def body(octets: Octets, structure: Structure) -> bytes:
    """The same without extension data: BODY."""
    return _Outline(octets, extended=False).of(structure)


# -- ENVELOPE


def _envelope(header: Header) -> str:
    from_ = addresses(header, b"from")
    return (
        f"({_field(header.first, b'date')} {_field(header.first, b'subject')} {from_}"
        # The server is to say so itself where they are absent or empty.
        f" {_or(addresses(header, b'sender'), from_)} {_or(addresses(header, b'reply-to'), from_)}"
        f" {addresses(header, b'to')} {addresses(header, b'cc')} {addresses(header, b'bcc')}"
        f" {_field(header.first, b'in-reply-to')} {_field(header.first, b'message-id')})"
    )


def _or(found: str, default: str) -> str:
    return default if found == "NIL" else found


def _field(fields: _Fields, name: bytes) -> str:
    """RFC 9051: NIL is "there is none", as opposed to one that is empty."""
    value = fields.get(name)
    return "NIL" if value is None else string(unfolded(value))


# -- BODYSTRUCTURE

_US_ASCII = '("charset" "us-ascii")'
_NO_ENVELOPE = f"({' '.join(['NIL'] * 10)})"
_NO_EXTENSION = " NIL NIL NIL NIL"


class _Outline:
    """Writes the parts in the order of the octets, whose line ends are counted once on the way."""

    def __init__(self, octets: Octets, *, extended: bool) -> None:
        self._octets = octets
        self._extended = extended
        self._pieces: list[str] = []
        self._messages = 0  # so many are open
        self._lines = self._at = 0  # line ends, before that place

    def of(self, structure: Structure) -> bytes:
        root = structure.root
        self._part(root, _told(structure.header.first, root.type, root.encoding, root.disposition))
        return encoded("".join(self._pieces))

    def _inner(self, part: Part) -> None:
        header = bytes(self._octets[part.start : min(part.body, part.start + LIMITS.header)])
        told = _cached_told if len(header) < 512 else _told_by
        self._part(part, told(header, part.type, part.encoding, part.disposition))

    def _part(self, part: Part, told: tuple[str, str]) -> None:
        basic, extension = told
        self._pieces.append("(")
        if part.is_multipart:
            self._children(part)
            self._pieces.append(basic)
        else:
            self._pieces.append(f"{basic} {part.end - part.body}")
            if part.is_message:
                self._message(part)
            elif part.type.startswith("text/"):
                self._pieces.append(f" {self._lines_of(part)}")
        self._pieces.append(f"{extension})" if self._extended else ")")

    def _children(self, part: Part) -> None:
        for child in part.children:
            self._inner(child)
        if not part.children:
            self._whole(part)

    def _message(self, part: Part) -> None:
        before = self._lines_from(part.body)
        self._messages += 1
        if part.children:
            [root] = part.children
            self._pieces.append(f" {_envelope(Header(self._octets, root.start, root.body))} ")
            self._inner(root)
        else:
            self._pieces.append(f" {_NO_ENVELOPE} ")
            self._whole(part)
        self._messages -= 1
        self._pieces.append(f" {self._lines_before(part.end) - before}")

    def _whole(self, part: Part) -> None:
        """What could not be taken apart, where one part is demanded: all of it is that, and text.

        Dovecot tells of an empty one there; but then nobody would find what was sent.
        """
        extension = _NO_EXTENSION if self._extended else ""
        size, lines = part.end - part.body, self._lines_of(part)
        self._pieces.append(f'("text" "plain" {_US_ASCII} NIL NIL "7bit" {size} {lines}{extension})')

    def _lines_of(self, part: Part) -> int:
        before = self._lines_from(part.body)
        return self._lines_before(part.end) - before

    def _lines_from(self, place: int) -> int:
        """`_lines_before`, where only a difference is wanted: outside of messages what lies between is passed over."""
        if not self._messages:
            self._at = place
        return self._lines_before(place)

    def _lines_before(self, place: int) -> int:
        """The line ends before a place, which is never before the one that was asked for last."""
        self._lines += scan.line_ends(self._octets, self._at, place)
        self._at = place
        return self._lines


def _told_by(header: bytes, kind: str, encoding: str, disposition: str) -> tuple[str, str]:
    return _told(Header(header, 0, len(header)).first, kind, encoding, disposition)


_cached_told = lru_cache(maxsize=512)(_told_by)  # the parts of many messages have the same few headers


def _told(fields: _Fields, kind: str, encoding: str, disposition: str) -> tuple[str, str]:
    """What the header of a part tells: the basic fields but for sizes, and the extension data."""
    type_, _, subtype = kind.partition("/")
    given = _parameters(fields.get(b"content-type", b""), kind)
    ending = f"{_disposition(fields, disposition)} {_language(fields)} {_nfield(fields, b'content-location')}"
    if type_ == "multipart":
        return f" {string(subtype)}", f" {given} {ending}"
    basic = (
        f"{string(type_)} {string(subtype)} {given} {_nfield(fields, b'content-id')}"
        f" {_nfield(fields, b'content-description')} {string(encoding)}"
    )
    return basic, f" {_nfield(fields, b'content-md5')} {ending}"


def _nfield(fields: _Fields, name: bytes) -> str:
    value = fields.get(name)
    return nstring(unfolded(value)) if value else "NIL"


def _parameters(value: bytes, kind: str) -> str:
    """RFC 9051: "defaulting various fields as necessary"; the charset of text is one (RFC 2045 §5.2)."""
    given = parameters.written(unfolded(value)) if value else {}
    if kind.startswith("text/"):
        given.setdefault("charset", "us-ascii")
    return _pairs(given)


def _pairs(given: Mapping[str, str]) -> str:
    return f"({' '.join([f'{string(name)} {string(text)}' for name, text in given.items()])})" if given else "NIL"


def _disposition(fields: _Fields, disposition: str) -> str:
    value = fields.get(b"content-disposition")
    if not value:
        return "NIL"
    given = _pairs(parameters.written(unfolded(value)))
    return "NIL" if not disposition and given == "NIL" else f"({string(disposition)} {given})"


def _language(fields: _Fields) -> str:
    """RFC 3282: tags, with commas between them."""
    value = fields.get(b"content-language")
    tags = [tag for each in unfolded(value).split(",") if (tag := each.strip())] if value else []
    return f"({' '.join(map(string, tags))})" if tags else "NIL"
