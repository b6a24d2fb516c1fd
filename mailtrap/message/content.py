"""The content of a part: its octets, and its text."""

from __future__ import annotations

from mailtrap.message import charset
from mailtrap.message.part import Octets, Part
from mailtrap.message.transfer import DECODERS


def content(octets: Octets, part: Part, limit: int | None = None) -> bytes:
    """The octets of a part's body, its transfer encoding undone as far as that goes.

    Of the first *limit* octets of the body alone, if that is given.
    """
    stop = part.end if limit is None else min(part.end, part.body + limit)
    body = bytes(octets[part.body : stop])
    decoder = DECODERS.get(part.encoding)
    return body if decoder is None else decoder(body)


def decoded(octets: Octets, part: Part, limit: int | None = None) -> str:
    """The text of a part, its line ends LF (of the first *limit* octets of the body alone, if that is given).

    Any octets have one: what is no text in the part's charset is U+FFFD.
    """
    text = charset.decoded(content(octets, part, limit), part.parameters.get("charset", ""))
    return text.replace("\r\n", "\n") if "\r" in text else text
