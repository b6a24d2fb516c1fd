"""HTML as source: line by line, tags and comments told from text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup

from mailtrap_web.inspector.foreign import shown

# No quoted value may have a <, so that no < is looked at up to the end of the text.
_MARKUP = re.compile(
    r"""(?P<remark><!--(?:[^-]++|-(?!->))*+(?:-->)?)|(?P<tag></?[a-zA-Z!?](?:[^"'<>]++|"[^"<]*+"|'[^'<]*+')*+>)"""
)


def lines(html: str) -> list[Markup]:
    """The lines of *html*, each whole by itself."""
    found: list[list[Markup]] = [[]]
    for kind, text in _pieces(html.replace("\r\n", "\n")):
        for number, line in enumerate(text.split("\n")):
            if number:
                found.append([])
            if line:
                found[-1].append(
                    Markup('<span class="{}">{}</span>').format(kind, shown(line)) if kind else shown(line)
                )
    return [Markup("").join(each) for each in found]


def _pieces(html: str) -> Iterator[tuple[str, str]]:
    at = 0
    for found in _MARKUP.finditer(html):
        yield "", html[at : found.start()]
        yield found.lastgroup or "", found[0]
        at = found.end()
    yield "", html[at:]
