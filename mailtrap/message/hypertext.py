"""What is read of HTML, as plain text. One pass over the tags, linear, whatever the HTML is like.

(A real tree costs as much for good HTML, and the square of the depth for bad: seconds for 250 KB of `<div>`.)
"""

from __future__ import annotations

import re
from html import unescape

# A tag up to its end; a > in quotation marks is not that. No quoted value may have a <, or else every < would be
# looked at up to the end of the text: such tags end at the first >.
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/<>]*+)(?:[^"'<>]++|"[^"<]*+"|'[^'<]*+')*+>""")
_NAME = re.compile(r"</?([a-zA-Z][^\s/<>]*+)")
_NO_CHARACTER = re.compile(r"&#[0-9]{10,}+;?")  # and `unescape` fails for thousands of digits
_SPACES = re.compile(r"  ++")
_EMPTY_LINES = re.compile(r"\n{3,}+")

# What is inside is not shown, up to this.
_HIDDEN = {
    name: re.compile(rf"</{name}" + ("|<body" if name == "head" else ""), re.IGNORECASE)
    for name in ("head", "script", "style", "template", "title")
}
_BREAKS = frozenset(
    "address article aside blockquote body br center dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hr li main nav ol p pre section summary table tr ul".split()
)
_CELLS = frozenset(("td", "th"))


def html_to_text(html: str) -> str:
    """The text of *html*, a line for each block; what a style sheet hides (a preheader) is read, too.

    >>> html_to_text("<style>p{}</style><p>Pay <b>n</b>ow,<br>J&uuml;rgen</p>")
    'Pay now,\\nJürgen'
    """
    pieces: list[str] = []
    at = preformatted = 0
    while (tag := html.find("<", at)) >= 0:
        _add(pieces, html[at:tag], preformatted)
        name, closing, at = _tag(html, tag)
        if name == "pre":
            preformatted = max(0, preformatted + (-1 if closing else 1))
        if name in _BREAKS:
            pieces.append("\n")
        elif name in _CELLS:
            pieces.append(" ")
        elif name in _HIDDEN and not closing:
            end = _HIDDEN[name].search(html, at)
            at = end.start() if end else len(html)
        elif not name and at == tag + 1:
            pieces.append("<")  # no tag at all
    _add(pieces, html[at:], preformatted)
    return _tidy("".join(pieces))


def _add(pieces: list[str], text: str, preformatted: int) -> None:
    if text:
        text = unescaped(text) if "&" in text else text
        for space in "\xa0" if preformatted else "\xa0\t\r\n\f":
            text = text.replace(space, " ")
        pieces.append(text)


def unescaped(text: str) -> str:
    """*text* with its character references resolved; one to a number without end is to no character."""
    return unescape(_NO_CHARACTER.sub("\ufffd", text) if "&#" in text else text)


def _tag(html: str, at: int) -> tuple[str, bool, int]:
    """The name of the tag at *at*, whether it is a closing one, and where it ends; no name for anything else."""
    match = _TAG.match(html, at)
    if match:
        return match[2].lower(), bool(match[1]), match.end()
    if html.startswith("<!--", at):
        end = html.find("-->", at + 2)
        return "", False, end + 3 if end >= 0 else len(html)
    name = _NAME.match(html, at)
    if name is None and html[at + 1 : at + 2] not in ("!", "?", "/"):
        return "", False, at + 1
    end = html.find(">", at)
    return name[1].lower() if name else "", html.startswith("</", at), end + 1 if end >= 0 else len(html)


def _tidy(text: str) -> str:
    """No spaces at the ends of lines or doubled, no more than one empty line, none at the ends."""
    lines = [line.strip() for line in _SPACES.sub(" ", text).split("\n")]
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()
