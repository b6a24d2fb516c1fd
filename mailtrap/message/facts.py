"""What a list shows of a message, found in one pass before it is acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailtrap.envelope import Address
from mailtrap.message import headers, mailboxes
from mailtrap.message.attached import attachments
from mailtrap.message.parse import Octets, Part, Structure, parse
from mailtrap.message.text import decoded, html_to_text, readable

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
    found = _values(structure)
    leaves = [part for part in structure.parts() if not part.type.startswith("multipart/")]
    defects = structure.defects
    return Facts(
        size=len(octets),
        subject=headers.decoded(found[b"subject"][0]) if b"subject" in found else "",
        from_=_addresses(found.get(b"from")),
        to=_addresses(found.get(b"to")),
        cc=_addresses(found.get(b"cc")),
        bcc=_addresses(found.get(b"bcc")),
        date=headers.date(found[b"date"][0]) if b"date" in found else None,
        message_id=headers.unfolded(found[b"message-id"][0]) if b"message-id" in found else "",
        preview=_preview(octets, structure.root),
        attachments=sum(not inline for _, inline in attachments(structure.root)),
        filenames=tuple(part.filename for part in leaves if part.filename),
        types=tuple(dict.fromkeys(part.type for part in leaves)),
        defects=tuple(dict.fromkeys(each.code for each in defects)),
        defect_count=len(defects),
    )


_WANTED = frozenset((b"subject", b"from", b"to", b"cc", b"bcc", b"date", b"message-id"))


def _values(structure: Structure) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in structure.fields:
        lower = name.lower()
        if lower in _WANTED:
            found.setdefault(lower, []).append(value)
    return found


def _addresses(values: list[bytes] | None) -> tuple[Address, ...]:
    """Those of all fields of the name: more than one is wrong, and nothing is hidden."""
    if values is None:
        return ()
    if len(values) == 1:
        return headers.addresses(values[0])
    return tuple(each for value in values for each in headers.addresses(value))[: mailboxes.LIMIT]


def _preview(octets: Octets, root: Part) -> str:
    """The beginning of what is read, on one line."""
    for part in (*readable(root, "text/plain"), *readable(root, "text/html")):
        if preview := _beginning(octets, part):
            return preview
    return ""


def _beginning(octets: Octets, part: Part) -> str:
    if part.type != "text/html":
        return " ".join(decoded(octets, part, 1536).split())[:PREVIEW]
    for limit in (4096, 65536):  # a style sheet may come first
        text = html_to_text(decoded(octets, part, limit)).translate(_INVISIBLE)
        preview = " ".join(text.split())[:PREVIEW]
        if len(preview) == PREVIEW or part.end - part.body <= limit:
            break
    return preview


_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
"""What senders put behind a preheader, so that nothing else is shown."""
