"""What a list shows of a message, found in one pass before it is acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from mailtrap.envelope import Address
from mailtrap.message import headers, mailboxes
from mailtrap.message.attached import attachments
from mailtrap.message.parse import Octets, Part, parse
from mailtrap.message.text import decoded, html_to_text, readable

T = TypeVar("T")

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


def facts(octets: Octets) -> Facts:
    """The facts of a message; any octets have some."""
    structure = parse(octets)
    found = _values(structure.fields)
    leaves = [part for part in structure.parts() if not part.type.startswith("multipart/")]
    codes = [each.code for each in structure.defects]
    return Facts(
        size=len(octets),
        subject=_first(found, b"subject", headers.decoded, ""),
        from_=_addresses(found, b"from"),
        to=_addresses(found, b"to"),
        cc=_addresses(found, b"cc"),
        bcc=_addresses(found, b"bcc"),
        date=_first(found, b"date", headers.date, None),
        message_id=_first(found, b"message-id", headers.unfolded, ""),
        preview=_preview(octets, structure.root),
        attachments=sum([not inline for _, inline in attachments(structure.root)]),
        filenames=tuple([name for part in leaves if (name := part.filename)]),
        types=tuple(dict.fromkeys([part.type for part in leaves])),
        defects=tuple(dict.fromkeys(codes)),
        defect_count=len(codes),
    )


_WANTED = frozenset((b"subject", b"from", b"to", b"cc", b"bcc", b"date", b"message-id"))


def _values(fields: list[tuple[bytes, bytes]]) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        lower = name.lower()
        if lower in _WANTED:
            found.setdefault(lower, []).append(value)
    return found


def _first(found: dict[bytes, list[bytes]], name: bytes, read: Callable[[bytes], T], default: T) -> T:
    values = found.get(name)
    return default if values is None else read(values[0])


def _addresses(found: dict[bytes, list[bytes]], name: bytes) -> tuple[Address, ...]:
    """Those of all fields of the name: more than one is wrong, and nothing is hidden."""
    values = found.get(name)
    if values is None:
        return ()
    if len(values) == 1:
        return headers.addresses(values[0])
    return tuple([each for value in values for each in headers.addresses(value)])[: mailboxes.LIMIT]


def _preview(octets: Octets, root: Part) -> str:
    """The beginning of what is read, on one line."""
    for preferred in ("text/plain", "text/html"):
        for part in readable(root, preferred):
            if preview := _beginning(octets, part):
                return preview
    return ""


def _beginning(octets: Octets, part: Part) -> str:
    if part.type != "text/html":
        text = decoded(octets, part, 1536)
        preview = " ".join(text[: 3 * PREVIEW].split())  # that is enough, but for art made of spaces
        return (preview if len(preview) >= PREVIEW else " ".join(text.split()))[:PREVIEW]
    for limit in (4096, 65536):  # a style sheet may come first
        text = html_to_text(decoded(octets, part, limit)).translate(_INVISIBLE)
        preview = " ".join(text.split())[:PREVIEW]
        if len(preview) == PREVIEW or part.end - part.body <= limit:
            break
    return preview


_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
"""What senders put behind a preheader, so that nothing else is shown."""
