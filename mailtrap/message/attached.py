"""Which parts of a message are attachments.

An attachment is a part without parts (an attached message is one, whatever is in it) that asks to be saved, or
has a name, or is no text. None is what stands beside others in a multipart/alternative, or is the whole of the
message, if it is text and does not ask to be saved: that is what is read, under whatever name.
An attachment is *inline* if it belongs to the HTML: it has a Content-ID, is in a multipart/related, and does not
ask to be saved. Lists count those that are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256

from mailtrap.message.content import content
from mailtrap.message.part import Octets, Part
from mailtrap.transcript import printable


def attachments(root: Part) -> Iterator[tuple[Part, bool]]:
    """The attachments of a message in their order, each with whether it is inline."""
    waiting: list[tuple[Part, Part | None]] = [(root, None)]
    while waiting:
        part, parent = waiting.pop()
        if is_attached(part, parent):
            yield part, _is_inline(part, parent)
        elif part.children:
            waiting += ((child, part) for child in reversed(part.children))


def is_attached(part: Part, parent: Part | None) -> bool:
    """Whether *part*, which is in *parent* or is the whole message, is an attachment."""
    if part.type.startswith("multipart/"):
        return False
    if part.disposition not in ("", "inline"):  # RFC 2183 §2.8: what is unknown is an attachment
        return True
    if part.type.startswith("text/"):
        return bool(part.filename) and parent is not None and parent.type != "multipart/alternative"
    return True


def _is_inline(part: Part, parent: Part | None) -> bool:
    related = parent is not None and parent.type == "multipart/related"
    return related and bool(part.content_id) and part.disposition in ("", "inline")


class Attachment:
    """A part that is an attachment; its octets are decoded when asked for."""

    def __init__(self, octets: Octets, part: Part, *, inline: bool) -> None:
        self._octets = octets
        self._part = part
        self.inline = inline
        """Whether it belongs to the HTML, as a picture in it."""

    @property
    def part(self) -> str:
        """Its number: ``2``, ``2.1``."""
        return self._part.path

    @property
    def filename(self) -> str:
        """The name, as the sender has it; empty where there is none. Never a path to write to."""
        return self._part.filename

    @property
    def type(self) -> str:
        """The content type, lower case."""
        return self._part.type

    @property
    def content_id(self) -> str:
        """The Content-ID, without angle brackets."""
        return self._part.content_id

    @cached_property
    def content(self) -> bytes:
        """The octets, transfer encoding undone."""
        return content(self._octets, self._part)

    @property
    def size(self) -> int:
        """The number of octets of `content`."""
        return len(self.content)

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of `content`, in hexadecimal."""
        return sha256(self.content).hexdigest()

    def __repr__(self) -> str:
        name = printable(self.filename) or "without a name"
        return f"<Attachment {self.part} {name}, {printable(self.type)}>"
