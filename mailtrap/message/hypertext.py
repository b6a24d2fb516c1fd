"""What is read of HTML, as plain text. One pass over the tags, linear, whatever the HTML is like.

(A real tree costs as much for good HTML, and the square of the depth for bad: seconds for 250 KB of `<div>`.)
"""

from __future__ import annotations

import re
from html import unescape

# What follows the name of a tag, up to its end; a > in quotation marks is not that. No quoted value may have a <, or
# else every < would be looked at up to the end of the text: such tags end at the first >.
_REST = r"""(?:(?:[^"'<>]++|"[^"<]*+"|'[^'<]*+')*+>|[^>]*+>?)"""
# What is inside of some elements is not shown: then it is a part of the markup.
_MARKUP = re.compile(
    rf"""<(?:
      (?i:head)(?![^\s/<>]){_REST}(?:[^<]++|<(?!(?i:/head|body)))*+
    | ((?i:script|style|template|title))(?![^\s/<>]){_REST}(?:[^<]++|<(?!/(?i:\1)))*+
    | (/?[a-zA-Z][^\s/<>]*+){_REST}
    | !--(?:-?>|(?:[^-]++|-(?!->))*+(?:-->|\Z))
    | [!?/][^>]*+>?
    )""",
    re.VERBOSE,
)
# These stand for themselves in no text: HTML has no such characters.
_BREAK, _PREFORMATTED, _FILLED = "\v\x0e\x0f"
_BREAKS = (
    "address article aside blockquote body br center dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hr li main nav ol p section summary table tr ul"
).split()
_SHOWN = {name: _BREAK for each in _BREAKS for name in (each, f"/{each}")}
_SHOWN |= dict.fromkeys(("td", "/td", "th", "/th"), " ")
_SHOWN |= {"pre": _BREAK + _PREFORMATTED, "/pre": _BREAK + _FILLED}

_NO_CHARACTER = re.compile(r"&#[0-9]{10,}+;?")  # and `unescape` fails for thousands of digits


def html_to_text(html: str) -> str:
    """The text of *html*, a line for each block; what a style sheet hides (a preheader) is read, too.

    >>> html_to_text("<style>p{}</style><p>Pay <b>n</b>ow,<br>J&uuml;rgen</p>")
    'Pay now,\\nJürgen'
    """
    for own in (_BREAK, _PREFORMATTED, _FILLED):
        html = html.replace(own, " ")
    text = unescaped(_MARKUP.sub(_shown, html)).replace("\xa0", " ")
    filled, *preformatted = text.split(_PREFORMATTED)
    pieces = [_filled(filled)]
    for piece in preformatted:
        inside, _, outside = piece.partition(_FILLED)
        pieces += inside, _filled(outside)
    return _tidy("".join(pieces).replace(_FILLED, "").replace(_BREAK, "\n"))


def unescaped(text: str) -> str:
    """*text* with its character references resolved; one to a number without end is to no character."""
    if "&" not in text:
        return text
    return unescape(_NO_CHARACTER.sub("\ufffd", text) if "&#" in text else text)


def _shown(markup: re.Match[str]) -> str:
    name = markup[2]
    return _SHOWN.get(name.lower(), "") if name else ""


def _filled(text: str) -> str:
    """Lines are filled where nothing says that they are preformatted: their ends are spaces."""
    for space in "\t\r\n\f":
        text = text.replace(space, " ")
    return text


def _tidy(text: str) -> str:
    """No spaces at the ends of lines or doubled, no more than one empty line, none at the ends."""
    text = _once("  ", " ", text).replace(" \n", "\n").replace("\n ", "\n")
    return _once("\n\n\n", "\n\n", text).strip()


def _once(many: str, few: str, text: str) -> str:
    """*text* without any *many*: a run of them halves with every pass."""
    while many in text:
        text = text.replace(many, few)
    return text
