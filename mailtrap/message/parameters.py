"""Values with parameters (RFC 2045 §5.1), split and encoded ones put together (RFC 2231). One pass, linear."""

from __future__ import annotations

import re

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
    value, semicolon, _ = text.partition(";")
    found: dict[str, str] = {}
    split: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in _PARAMETER.finditer(text, len(value)) if semicolon else ():
        name, quoted, plain = match.groups()
        content = _ESCAPED.sub(r"\1", quoted) if plain is None else _without_comment(plain)
        piece = _PIECE.fullmatch(name.lower())
        if piece is None or not (piece[2] or piece[3]):
            found.setdefault(name.lower(), words.shown(content))
        else:
            split.setdefault(piece[1], {}).setdefault(int(piece[2] or 0), (bool(piece[3]), content))
    found.update((name, _joined(pieces)) for name, pieces in split.items() if 0 in pieces)
    return _without_comment(value).lower(), found


def _without_comment(text: str) -> str:
    """`us-ascii (plain text)` is `us-ascii`; a file name may have parentheses anywhere else."""
    text = text.strip()
    return text.partition(" (")[0].rstrip() if text.endswith(")") else text


def _joined(pieces: dict[int, tuple[bool, str]]) -> str:
    """The pieces from the first to the first that is missing (RFC 2231 §3 and §4)."""
    octets: list[bytes] = []
    charset = ""
    for number in range(len(pieces)):
        if number not in pieces:
            break
        encoded, content = pieces[number]
        if encoded and number == 0 and content.count("'") >= 2:
            charset, _, content = content.split("'", 2)
        raw = content.encode("utf-8")
        octets.append(_PERCENT.sub(lambda match: bytes((int(match[1], 16),)), raw) if encoded else raw)
    return words.shown(charsets.decoded(b"".join(octets), charset))
