"""The content of a part: its octets, and its text."""

from __future__ import annotations

from mailtrap.message import charset
from mailtrap.message.parse import Octets, Part
from mailtrap.message.transfer import DECODERS


def content(octets: Octets, part: Part) -> bytes:
    """The octets of a part's body, its transfer encoding undone as far as that goes."""
    return _without_encoding(bytes(octets[part.body : part.end]), part)


def decoded(octets: Octets, part: Part, limit: int | None = None) -> str:
    """The text of a part, its line ends LF; of the first *limit* octets of the body alone, if that is given.

    Any octets have one: what is no text in the part's charset is U+FFFD.
    """
    stop = part.end if limit is None else min(part.end, part.body + limit)
    found = charset.decoded(
        _without_encoding(bytes(octets[part.body : stop]), part), part.parameters.get("charset", "")
    )
    return found.replace("\r\n", "\n")


def _without_encoding(octets: bytes, part: Part) -> bytes:
    decoder = DECODERS.get(part.encoding)
    return octets if decoder is None else decoder(octets)
