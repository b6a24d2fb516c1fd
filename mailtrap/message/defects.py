"""What can be wrong with a message: the codes, and a sentence for each."""

from __future__ import annotations

from dataclasses import dataclass

SENTENCES = {
    # the octets
    "bare-newline": "A line ends with LF or CR alone, not with CRLF (RFC 5322 §2.3).",
    "nul": "There is a NUL octet (RFC 5322 §4).",
    "long-line": "A line has more than 998 octets (RFC 5322 §2.1.1).",
    "dots-after-lf": "The client doubled dots after LF alone; one of the two was taken off.",
    # the header
    "no-headers": "There is no header field.",
    "mbox-from-line": "The first line is the `From ` line of an mbox file, not a header field.",
    "no-colon": "A line of the header is neither a field nor the continuation of one.",
    "eight-bit-header": "The header has octets that are neither ASCII nor UTF-8 (RFC 6532).",
    "long-header": "The header is too long; the fields behind its limit are not read.",
    "duplicate-header": "A field that may be there once is there twice (RFC 5322 §3.6).",
    "bad-date": "The Date field is no date (RFC 5322 §3.3).",
    "bad-address": "A field that must have addresses has none (RFC 5322 §3.4).",
    "bad-encoded-word": "An encoded word cannot be decoded (RFC 2047).",
    "too-many-addresses": "A field has too many addresses; those behind its limit are not read.",
    # the structure
    "no-boundary": "A multipart does not name its boundary (RFC 2046 §5.1.1).",
    "no-parts": "A multipart has no part: its boundary never begins one (RFC 2046 §5.1.1).",
    "unclosed-multipart": "A multipart does not end with its boundary (RFC 2046 §5.1.1).",
    "encoded-multipart": "A multipart or message has an encoding that it may not have (RFC 2045 §6.4).",
    "too-deep": "Parts are nested too deep; what is deeper than the limit is left as it is.",
    "too-many-parts": "There are too many parts; those behind the limit are left as they are.",
    # the content of parts
    "bad-content-type": "The Content-Type is no type (RFC 2045 §5.1); the part is taken for text/plain.",
    "unknown-encoding": "The Content-Transfer-Encoding is unknown (RFC 2045 §6).",
    "unknown-charset": "The charset is unknown; the text is a guess.",
    "bad-base64": "The base64 has other characters, or ends half-way (RFC 2045 §6.8).",
    "bad-quoted-printable": "The quoted-printable has a = that begins no escape (RFC 2045 §6.7).",
    "eight-bit-body": "A part has octets above 127 without saying so in its Content-Transfer-Encoding (RFC 2045 §2.8).",
    # us
    "parser-failed": "The message could not be examined; this is a bug, please report it.",
}
"""Every code there is. They are stable: tests and searches may name them."""


@dataclass(frozen=True, slots=True)
class Defect:
    """What the parser noticed: a stable *code*, one sentence, and where."""

    code: str
    text: str
    offset: int
    part: str = ""


def defect(code: str, offset: int, part: str = "") -> Defect:
    """The defect with that code."""
    return Defect(code, SENTENCES[code], offset, part)
