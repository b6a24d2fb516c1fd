"""A part of a message, and what its own header says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from mailtrap.message import headers

Octets = bytes | bytearray
"""A message as it came in. Never changed by anybody who is handed it."""


@dataclass(slots=True)
class Part:
    """A node of the MIME tree. Offsets are octets into the whole message.

    ``octets[start:body]`` is its header with the empty line, ``octets[body:end]`` its body
    (for a child of a multipart without the line end that belongs to the boundary, RFC 2046 §5.1.1).
    The one child of a message/rfc822 is the message in it: its root.
    """

    path: str
    """The part's number as in IMAP (RFC 9051 §6.4.5): ``1``, ``2.1``; empty for a multipart at the root, and
    ``2.TEXT`` for one at the root of the message that is part 2."""
    start: int
    body: int
    end: int
    type: str = "text/plain"
    """Lower case, e.g. ``multipart/alternative``."""
    parameters: dict[str, str] = field(default_factory=dict)
    encoding: str = "7bit"
    disposition: str = ""
    disposition_parameters: dict[str, str] = field(default_factory=dict)
    content_id: str = ""
    children: list[Part] = field(default_factory=list)

    @property
    def filename(self) -> str:
        """The name it would be saved under, as the sender has it; empty where there is none."""
        return self.disposition_parameters.get("filename") or self.parameters.get("name", "")

    @property
    def is_multipart(self) -> bool:
        """Whether it says that it is one; it may be broken, and have no parts."""
        return self.type.startswith("multipart/")

    @property
    def is_message(self) -> bool:
        """Whether it is a message (RFC 2046 §5.2.1, RFC 6532 §3.7)."""
        return self.type in ("message/rfc822", "message/global")


def describe(part: Part, fields: list[tuple[bytes, bytes]]) -> bool:
    """Fill in what the part's own header says, of a field that is there twice the first.

    False for a Content-Type that is no type: then it is plain text (RFC 2045 §5.2).
    """
    content: dict[bytes, bytes] = {}
    for name, value in fields:
        if name[:1] in b"Cc":
            content.setdefault(name.lower(), value)
    if encoding := content.get(b"content-transfer-encoding"):
        part.encoding = _value(encoding)[0] or "7bit"
    if disposition := content.get(b"content-disposition"):
        part.disposition, parameters = _value(disposition)
        part.disposition_parameters = dict(parameters)
    if content_id := content.get(b"content-id"):
        part.content_id = headers.unfolded(content_id).removeprefix("<").removesuffix(">")
    kind = content.get(b"content-type")
    if kind is None:
        return True
    part.type, parameters = _value(kind)
    part.parameters = dict(parameters)
    if part.type not in USUAL and not _TYPE.fullmatch(part.type):
        part.type = "text/plain"
        return False
    return True


USUAL = frozenset(("text/plain", "text/html", "multipart/alternative", "multipart/mixed", "multipart/related"))
_TYPE = re.compile(r"""[^\s()<>@,;:\\"/\[\]?=]++/[^\s()<>@,;:\\"/\[\]?=]++""")


def _value(value: bytes) -> tuple[str, dict[str, str]]:
    return _cached(value) if len(value) < 512 else headers.parameterised(value)


_cached = lru_cache(maxsize=512)(headers.parameterised)  # many messages have the same few
