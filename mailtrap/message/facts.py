"""What a list shows of a message, found in one pass."""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields, replace
from datetime import datetime

from mailtrap.envelope import Address
from mailtrap.message import headers
from mailtrap.message.attached import attachments
from mailtrap.message.limits import LIMITS
from mailtrap.message.parse import Octets, Part, Structure, parse
from mailtrap.message.text import readable, shown

log = logging.getLogger(__name__)

PREVIEW = 140
"""Characters of the text that a list shows."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Header facts and the outline of the MIME structure, decoded; foreign text throughout."""

    size: int
    subject: str = ""
    from_: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    date: datetime | None = None
    message_id: str = ""
    preview: str = ""
    attachments: int = 0
    filenames: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    """The content types of the leaf parts and of attached messages, lower case, none twice:
    ``("text/plain", "text/calendar")``."""
    defects: tuple[str, ...] = ()
    """The codes of the defects noticed, none twice."""
    defect_count: int = 0


class LateFacts(Facts):
    """The facts of a message that nobody has looked into: whoever first asks for one does, but for its size.

    Until then it holds the octets. It is equal to facts that say the same.
    """

    __slots__ = ("_octets",)
    _octets: Octets | None

    def __init__(self, octets: Octets) -> None:
        object.__setattr__(self, "_octets", octets)
        object.__setattr__(self, "size", len(octets))

    def __getattr__(self, name: str) -> object:
        """A slot with nothing in it."""
        if name not in _NAMES:
            raise AttributeError(name)
        self.settle()
        return object.__getattribute__(self, name)

    @property
    def is_settled(self) -> bool:
        """Whether somebody has asked."""
        return self._octets is None

    def settle(self, structure: Structure | None = None) -> None:
        """Find them, of what `parse` made of the message, where that is known."""
        octets = self._octets
        if octets is not None:  # two threads at the same time find the same
            found = examined(octets, structure)
            for name in _NAMES:
                object.__setattr__(self, name, getattr(found, name))
            object.__setattr__(self, "_octets", None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and all(getattr(self, name) == getattr(other, name) for name in _NAMES)

    __hash__ = Facts.__hash__


_NAMES = tuple(each.name for each in fields(Facts))


def facts(octets: Octets, structure: Structure | None = None) -> Facts:
    """The facts of a message; any octets have some. *structure* is what `parse` makes of it, where that is known."""
    structure = structure or parse(octets)
    header, first = structure.header, structure.header.first
    leaves = [part for part in structure.parts() if not part.is_multipart]
    codes = [each.code for each in structure.defects]
    return Facts(
        size=len(octets),
        subject=headers.decoded(first.get(b"subject", b"")),
        from_=_addresses(header, b"from"),
        to=_addresses(header, b"to"),
        cc=_addresses(header, b"cc"),
        bcc=_addresses(header, b"bcc"),
        date=headers.date(first.get(b"date", b"")),
        message_id=headers.unfolded(first.get(b"message-id", b"")),
        preview=_preview(octets, structure.root),
        attachments=sum([not inline for _, inline in attachments(structure.root)]),
        filenames=tuple([name for part in leaves if (name := part.filename)]),
        types=tuple(dict.fromkeys([part.type for part in leaves])),
        defects=tuple(dict.fromkeys(codes)),
        defect_count=len(codes),
    )


def examined(octets: Octets, structure: Structure | None = None) -> Facts:
    """The facts of a message that is to be kept whatever happens: a bug in a parser must not touch acceptance."""
    try:
        return facts(octets, structure)
    except Exception:
        log.exception("a message could not be examined; it is stored as it came")
        return with_defect(Facts(size=len(octets)), "parser-failed")


def with_defect(found: Facts, code: str) -> Facts:
    """*found*, and one more defect."""
    return replace(found, defects=(*found.defects, code), defect_count=found.defect_count + 1)


def _addresses(header: headers.Header, name: bytes) -> tuple[Address, ...]:
    """Those of all fields of the name: more than one is wrong, and nothing is hidden."""
    found = [each for value in header.all(name) for each in headers.addresses(value)]
    return tuple(found[: LIMITS.addresses])


def _preview(octets: Octets, root: Part) -> str:
    """The beginning of what is read, on one line."""
    for preferred in ("text/plain", "text/html"):
        for part in readable(root, preferred):
            if preview := _beginning(octets, part):
                return preview
    return ""


def _beginning(octets: Octets, part: Part) -> str:
    html = part.type == "text/html"
    preview = ""
    for limit in (4096, 65536) if html else (512, 4096):  # a style sheet may come first, or art made of spaces
        text = shown(octets, part, limit)
        preview = " ".join((text.translate(_INVISIBLE) if html else text).split())[:PREVIEW]
        if len(preview) == PREVIEW or part.end - part.body <= limit:
            break
    return preview


_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
"""What senders put behind a preheader, so that nothing else is shown."""
