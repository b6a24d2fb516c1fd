"""Values with parameters (RFC 2045 §5.1), split and encoded ones put together (RFC 2231). One pass, linear."""

from __future__ import annotations

import re
from itertools import takewhile

from mailtrap.message import charset as charsets
from mailtrap.message import words

# Nothing here can be read in two ways; where a parameter does not match, the next try begins at the next semicolon.
_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]++|\\.)*+)"?|([^;]*+))', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')  # only these: senders write C:\new.txt, too
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_PIECE = re.compile(r"([^*]++)(?:\*([0-9]{1,5}))?(\*?)")


def parameterised(text: str) -> tuple[str, dict[str, str]]:
    """What stands before the first semicolon, and the parameters by name; all names in lower case.

    >>> parameterised("text/plain; charset=utf-8; name*0*=utf-8''caf%C3%A9; name*1=.txt")
    ('text/plain', {'charset': 'utf-8', 'name': 'café.txt'})
    """
    value, found, split = _cut(text)
    whole = {name: words.shown(content) for name, content in found.items()}
    whole.update((name, _decoded(_run(pieces))) for name, pieces in split.items() if 0 in pieces)
    return value, whole


def written(text: str) -> dict[str, str]:
    """The parameters as they were sent, split ones put together; an encoded one stays so, and keeps its asterisk.

    >>> written("text/plain; charset=utf-8; name*0*=utf-8''caf%C3%A9; name*1=.txt")
    {'charset': 'utf-8', 'name*': "utf-8''caf%C3%A9.txt"}
    """
    _, found, split = _cut(text)
    found.update(_joined(name, _run(pieces)) for name, pieces in split.items() if 0 in pieces)
    return found


_Pieces = dict[int, tuple[bool, str]]
"""By number: whether it is encoded, and what it says."""


def _cut(text: str) -> tuple[str, dict[str, str], dict[str, _Pieces]]:
    """The value; the parameters; and the pieces of those that are split or encoded."""
    value, semicolon, _ = text.partition(";")
    found: dict[str, str] = {}
    split: dict[str, _Pieces] = {}
    for match in _PARAMETER.finditer(text, len(value)) if semicolon else ():
        name, quoted, plain = match.groups()
        content = _ESCAPED.sub(r"\1", quoted) if plain is None else _without_comment(plain)
        piece = _PIECE.fullmatch(name.lower())
        if piece is None or not (piece[2] or piece[3]):
            found.setdefault(name.lower(), content)
        else:
            split.setdefault(piece[1], {}).setdefault(int(piece[2] or 0), (bool(piece[3]), content))
    return _without_comment(value).lower(), found, split


def _without_comment(text: str) -> str:
    """`us-ascii (plain text)` is `us-ascii`; a file name may have parentheses anywhere else."""
    text = text.strip()
    return text.partition(" (")[0].rstrip() if text.endswith(")") else text


def _run(pieces: _Pieces) -> list[tuple[bool, str]]:
    """The pieces from the first to the first that is missing."""
    return [pieces[number] for number in takewhile(pieces.__contains__, range(len(pieces)))]


def _joined(name: str, run: list[tuple[bool, str]]) -> tuple[str, str]:
    if not any(encoded for encoded, _ in run):
        return name, "".join([content for _, content in run])
    charset = "" if run[0][0] else "''"
    return f"{name}*", charset + "".join([content if encoded else _quoted(content) for encoded, content in run])


def _quoted(text: str) -> str:
    return text.replace("%", "%25")


def _decoded(run: list[tuple[bool, str]]) -> str:
    """RFC 2231 §3 and §4."""
    octets: list[bytes] = []
    charset = ""
    for number, (encoded, content) in enumerate(run):
        text = content
        if encoded and number == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        raw = text.encode("utf-8")
        octets.append(_PERCENT.sub(lambda match: bytes((int(match[1], 16),)), raw) if encoded else raw)
    return words.shown(charsets.decoded(b"".join(octets), charset))
