"""Sections of a message as ``BODY[…]`` and ``BINARY[…]`` name them (RFC 9051 §6.4.5.1): slices, where that can be."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from mailtrap.message.limits import LIMITS
from mailtrap.message.parse import Part
from mailtrap.message.transfer import DECODERS, IDENTITY

Slice = tuple[int, int]
"""Where it begins in the message, and where it ends."""

NOTHING: Slice = (0, 0)


class UnknownEncoding(Exception):
    """The content of a part cannot be told: nobody knows how it is encoded."""


def part_at(root: Part, numbers: Sequence[int]) -> Part | None:
    """The part with these numbers, if there is one; with none the message itself.

    What could not be taken apart has one part, as BODYSTRUCTURE has it: all of it, and text.
    """
    part, is_root = root, True
    for number in numbers:
        if part.is_message and not is_root:
            part, is_root = _inner(part), True
        child = _child(part, number, is_root=is_root)
        if child is None:
            return None
        part, is_root = child, False
    return part


def section(root: Part, numbers: Sequence[int], text: str) -> Slice:
    """Where a section lies: *text* is ``HEADER``, ``TEXT``, ``MIME`` or empty. What is not there is empty."""
    part = part_at(root, numbers)
    if part is None:
        return NOTHING
    if text == "MIME":
        return part.start, part.body
    if text and numbers:
        if not part.is_message:
            return NOTHING
        part = _inner(part)
    if text == "HEADER":
        return part.start, part.body
    return (part.body if text or numbers else part.start), part.end


def _child(part: Part, number: int, *, is_root: bool) -> Part | None:
    if part.is_multipart:
        children = part.children or [_whole(part)]
        return children[number - 1] if number <= len(children) else None
    return part if is_root and number == 1 else None  # a message that is no multipart has one part, itself


def _inner(part: Part) -> Part:
    """The message in a part."""
    return part.children[0] if part.children else _whole(part)


def _whole(part: Part) -> Part:
    return Part(f"{part.path}.1", part.body, part.body, part.end)


# Fields as `headers.FIELD` cuts them, with their names and line ends.
_FIELD = re.compile(rb"^(([^\x00-\x20:]++)[ \t]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+\n?)", re.MULTILINE)


def fields(header: bytes, names: Collection[bytes]) -> bytes:
    """The fields of these names, which are in lower case, as they were sent, and the empty line.

    >>> fields(b"To: bob\\r\\nSubject: Hi\\r\\nX: y\\r\\n\\r\\n", {b"subject"})
    b'Subject: Hi\\r\\n\\r\\n'
    """
    found = [field for field, name in _FIELD.findall(header, 0, LIMITS.header) if name.lower() in names]
    return b"".join([*found, _empty_line(header)])


def other_fields(header: bytes, names: Collection[bytes]) -> bytes:
    """All of a header but the fields of these names."""
    read, rest = header[: LIMITS.header], header[LIMITS.header :]
    return _FIELD.sub(lambda field: b"" if field[2].lower() in names else field[0], read) + rest


def _empty_line(header: bytes) -> bytes:
    """RFC 9051 §6.4.5.1: it is part of every selection, but for a header that ends without one."""
    for line_end in (b"\r\n", b"\n"):
        if header.endswith(b"\n" + line_end) or header == line_end:
            return line_end
    return b""


def decoder(part: Part) -> Callable[[bytes], bytes] | None:
    """What undoes the transfer encoding of a part; None where there is nothing to undo. Raises `UnknownEncoding`.

    What holds parts is told as it is (RFC 9051 §6.4.5: only leaves are to be asked for).
    """
    if part.encoding in IDENTITY or part.is_multipart or part.is_message:
        return None
    found = DECODERS.get(part.encoding)
    if found is None:
        raise UnknownEncoding(part.encoding)
    return found
