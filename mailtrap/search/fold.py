"""Folding: the form in which texts are compared, so that letter case, accents and line breaks don't matter."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category, combining, is_normalized, normalize

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_SURROGATES = re.compile("[\ud800-\udfff]")
_ASCII = bytes(range(128))
_FEW = 24
"""With so many characters that are not ASCII, as most texts in Latin letters have, each is looked up once."""


def fold(text: str) -> str:
    """*text* without letter case, accents and invisible characters, every run of white space one space.

    >>> fold("Crème  BRÛLÉE\\n") == fold("creme brulee") == "creme brulee"
    True

    Characters are folded one by one, never by their neighbours: what is a part of a text is a part of the
    folded text. That is why Hangul stays decomposed (가 is found in 각, as in an incremental search), and why
    a final sigma is any sigma. Folding twice changes nothing.
    """
    if text.isascii():
        return " ".join(text.replace("\0", UNKNOWN).lower().split())
    octets = storable(text).encode()
    others = set(octets.translate(None, _ASCII).decode())
    if len(others) > _FEW:
        return " ".join(_decomposed(octets.decode()).split())
    text = octets.lower().decode()  # of ASCII letters alone
    for character in others:  # quicker, one by one, than any table
        text = text.replace(character, _letter(character))
    return " ".join(text.split())


def storable(text: str) -> str:
    """*text* with U+FFFD for what no database keeps: NUL, lone surrogates and two noncharacters."""
    if text.isascii() and "\0" not in text:
        return text
    for character in "\0\ufffe\uffff":
        text = text.replace(character, UNKNOWN)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _SURROGATES.sub(UNKNOWN, text)
    return text


def _decomposed(text: str) -> str:
    # Unicode §3.13, D146 and D147 (toNFKC_Casefold), but decomposed and without marks. An iota subscript is a
    # mark: it goes before casefold would make it a letter. A few letters have a case pair that decomposes.
    text = _without_marks(normalize("NFKD", text)).casefold()
    return text if is_normalized("NFKD", text) else _without_marks(normalize("NFKD", text))


_letter = lru_cache(maxsize=4096)(_decomposed)


def _without_marks(text: str) -> str:
    return text.translate(dict.fromkeys(ord(each) for each in set(text) if _is_mark(each)))


@lru_cache(maxsize=4096)
def _is_mark(character: str) -> bool:
    """Combining marks, and what is not seen at all: soft hyphens, joiners, the padding of preheaders."""
    if character.isascii():
        return False
    return combining(character) != 0 or category(character) == "Cf" or character in _INVISIBLE


_INVISIBLE = frozenset(
    # Default_Ignorable_Code_Point besides the format characters: grapheme joiner, Hangul fillers, Khmer inherent
    # vowels, Mongolian and other variation selectors.
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u180b\u180c\u180d\u180f"
    + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
)
