"""Transfer encodings undone (RFC 2045 §6): what cannot be decoded is left out or stays, nothing raises."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp, a2b_uu
from collections.abc import Callable
from contextlib import suppress

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_JUNK = bytes(set(range(256)) - set(ALPHABET))
_SOFT_BREAK = re.compile(rb"=[ \t]++\r?\n")


def base64(octets: bytes) -> bytes:
    """*octets* decoded, other characters skipped, padding added or ignored."""
    letters = octets.translate(None, _JUNK)
    # Padding in the middle: several texts, each encoded by itself, one after the other.
    return b"".join(map(_unpadded, filter(None, letters.split(b"="))))


def _unpadded(letters: bytes) -> bytes:
    if len(letters) % 4 == 1:
        letters = letters[:-1]  # six bits are no octet
    return a2b_base64(letters + b"=" * (-len(letters) % 4))


def quoted_printable(octets: bytes) -> bytes:
    """*octets* decoded; what is no escape stays (RFC 2045 §6.7 note 2)."""
    if b"= " in octets or b"=\t" in octets:
        octets = _SOFT_BREAK.sub(b"", octets)  # §6.7 (3): white space at the end of a line may have been added
    return a2b_qp(octets)


def uuencoded(octets: bytes) -> bytes:
    """The first file of uuencoded *octets*; a line that does not decode is left out."""
    decoded: list[bytes] = []
    began = False
    for line in octets.splitlines():
        if not began:
            began = line.startswith(b"begin ")
        elif line == b"end":
            break
        elif line:  # of an empty one Python makes 32 NULs
            decoded.append(_uu_line(line))
    return b"".join(decoded)


def _uu_line(line: bytes) -> bytes:
    try:
        return a2b_uu(line)
    except Error:  # some encoders write more than they announce: take what was announced
        announced = (((line[0] - 32) & 63) * 4 + 5) // 3
        with suppress(Error):
            return a2b_uu(line[:announced])
        return b""


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64,
    "quoted-printable": quoted_printable,
    "x-uuencode": uuencoded,
    "x-uue": uuencoded,
    "uuencode": uuencoded,
}
IDENTITY = frozenset(("7bit", "8bit", "binary"))
