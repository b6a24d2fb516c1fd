"""A part of a message, and what its own header says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

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
    parameters: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "7bit"
    disposition: str = ""
    disposition_parameters: Mapping[str, str] = field(default_factory=dict)
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


class Description(NamedTuple):
    """What the header of a part says of it, in the order of `Part`'s fields."""

    type: str
    parameters: Mapping[str, str]
    encoding: str
    disposition: str
    disposition_parameters: Mapping[str, str]
    content_id: str
    is_typed: bool
    """False for a Content-Type that is no type: then it is plain text (RFC 2045 §5.2)."""


def described(header: Mapping[bytes, bytes], inherited: str) -> Description:
    """What the fields of *header* say, by their names in lower case; *inherited* is the type if they name none."""
    encoding = header.get(b"content-transfer-encoding")
    kind, parameters = inherited, _NONE
    if (value := header.get(b"content-type")) is not None:
        kind, parameters = _value(value)
    is_typed = kind in _USUAL or _TYPE.fullmatch(kind) is not None
    disposition, disposition_parameters = _value(header.get(b"content-disposition", b""))
    return Description(
        type=kind if is_typed else "text/plain",
        parameters=parameters,
        encoding=(encoding and _value(encoding)[0]) or "7bit",
        disposition=disposition,
        disposition_parameters=disposition_parameters,
        content_id=headers.unfolded(header.get(b"content-id", b"")).removeprefix("<").removesuffix(">"),
        is_typed=is_typed,
    )


def described_octets(header: bytes, inherited: str) -> Description:
    """The same of the octets of a header."""
    return (_cached if len(header) < 512 else _described_octets)(header, inherited)


def _described_octets(header: bytes, inherited: str) -> Description:
    return described(headers.Header(header, 0, len(header)).first, inherited)


_cached = lru_cache(maxsize=512)(_described_octets)  # the parts of many messages have the same few
_NONE: Mapping[str, str] = MappingProxyType({})
_USUAL = frozenset(("text/plain", "text/html", "multipart/alternative", "multipart/mixed", "multipart/related"))
_TYPE = re.compile(r"""[^\s()<>@,;:\\"/\[\]?=]++/[^\s()<>@,;:\\"/\[\]?=]++""")


def _value(value: bytes) -> tuple[str, Mapping[str, str]]:
    if not value:
        return "", _NONE
    text, parameters = headers.parameterised(value)
    return text, MappingProxyType(parameters)  # shared by parts that are alike
