"""Foreign text on a page: escaped, and what would not show as itself made visible."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

# Control characters, what turns a line round or has no width, lone surrogates. A joiner inside an emoji shows.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]+"
)
_ODD_OCTETS = re.compile("[^\x20-\x7e\t]+")


def shown(text: str) -> Markup:
    """*text* for a page; control and bidi characters as escapes, marked.

    >>> shown("<b>\\u202e")
    Markup('&lt;b&gt;<span class="esc">\\\\u202e</span>')
    """
    if text.isprintable():
        return escape(text)
    return _marked(text, _UNSEEN, _escapes)


def lines(text: str) -> list[Markup]:
    """*text* line by line, its ends of lines left out."""
    return [shown(each) for each in text.replace("\r\n", "\n").split("\n")]


def octet_lines(octets: bytes) -> Iterator[Markup]:
    """Octets line by line: what is not printable ASCII is marked, and so is a line end that is not CRLF."""
    for line in octets.split(b"\r\n"):
        yield _marked(line.decode("utf-8", "surrogateescape"), _ODD_OCTETS, _octets)


def _marked(text: str, odd: re.Pattern[str], said: type[str] | object) -> Markup:
    pieces = []
    at = 0
    for found in odd.finditer(text):
        pieces += [escape(text[at : found.start()]), said(found[0])]  # type: ignore[operator]
        at = found.end()
    return Markup("").join([*pieces, escape(text[at:])])


def _escapes(text: str) -> Markup:
    return Markup('<span class="esc">{}</span>').format(text.encode("unicode_escape", "surrogatepass").decode("ascii"))


def _octets(text: str) -> Markup:
    return Markup("").join(Markup('<span class="{}">{}</span>').format(kind, said) for kind, said in map(_octet, text))


def _octet(character: str) -> tuple[str, str]:
    if character == "\n":
        return "esc", "LF\n"
    if character == "\r":
        return "esc", "CR\n"
    if character < " " or character == "\x7f":
        return "esc", f"\\x{ord(character):02x}"
    if "\udc80" <= character <= "\udcff":  # an octet that is no UTF-8
        return "esc", f"\\x{ord(character) - 0xDC00:02x}"
    return "eight", character if character.isprintable() else f"\\u{ord(character):04x}"
