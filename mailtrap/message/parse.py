"""Octets -> Part tree with offsets: one pass, linear, bounded depth and parts, never raises, notes defects."""

from __future__ import annotations

from dataclasses import dataclass, field

Octets = bytes | bytearray
"""A message as it came in. Never changed by anybody who is handed it."""


@dataclass(frozen=True, slots=True)
class Defect:
    """What the parser noticed: a stable *code*, one sentence, and where."""

    code: str
    text: str
    offset: int
    part: str = ""


@dataclass(slots=True)
class Part:
    """A node of the MIME tree. Offsets are octets into the whole message.

    ``octets[start:body]`` is its header with the empty line, ``octets[body:end]`` its body
    (for a child of a multipart without the line end that belongs to the boundary, RFC 2046 §5.1.1).
    """

    path: str
    """The part's number as in IMAP (RFC 9051 §6.4.5): ``1``, ``2.1``; empty for a multipart at the root."""
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
