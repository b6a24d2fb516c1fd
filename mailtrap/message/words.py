"""Encoded words (RFC 2047): text in a header that is written in ASCII. One pass, linear."""

from __future__ import annotations

import re
from binascii import a2b_qp

from mailtrap.message import charset as charsets
from mailtrap.message.transfer import base64

# The RFC allows no space in the text of a word, many senders write some. No part of this can be read in
# two ways, so nothing is tried twice.
WORD = re.compile(r"=\?([^?\s]++)\?([bBqQ])\?([^?]*+)\?=")


def decoded(text: str) -> str:
    """*text* with its encoded words decoded; what only looks like one stays as it is.

    >>> decoded("=?utf-8?q?caf=C3=A9?= =?utf-8?q?_au_lait?=")
    'café au lait'
    """
    pieces: list[str] = []
    run: list[bytes] = []
    charset, end = "", 0
    for match in WORD.finditer(text):
        between = text[end : match.start()]
        label = match[1].partition("*")[0].lower()  # RFC 2231 §5: a language may follow
        # White space between two words is not shown (RFC 2047 §6.2). Where their charset is the same their octets
        # are put together first: §5 forbids to split a character over words, and senders do.
        adjacent = end > 0 and not between.strip()
        if not (adjacent and label == charset):
            pieces += (charsets.decoded(b"".join(run), charset), "" if adjacent else between)
            run, charset = [], label
        run.append(_octets(label, match[2], match[3]))
        end = match.end()
    pieces += (charsets.decoded(b"".join(run), charset), text[end:])
    return "".join(pieces)


def _octets(label: str, encoding: str, text: str) -> bytes:
    # What is not ASCII in a word is nonetheless in the word's charset, mostly.
    octets = text.encode("ascii") if text.isascii() else text.encode(charsets.codec(label) or "utf-8", "replace")
    return base64(octets) if encoding in "bB" else a2b_qp(octets, header=True)


def shown(text: str) -> str:
    """A phrase as it is shown: decoded, without white space around it."""
    return (decoded(text) if "=?" in text else text).strip()
