"""Strings as IMAP writes them (RFC 9051 §4.3): quoted where that can be, else as literals.

A header is decoded so that nothing of it is lost, and encoded at the end: octets that are no UTF-8 stay what they are.
"""

from __future__ import annotations

import re

# What nearly all are; and what has something in it to be escaped, but may be quoted: no CR, LF, NUL or 8-bit octet.
# A line should not be long without need (RFC 2683 §3.2.1.5).
_PLAIN = re.compile(r"[ !#-\[\]-~]{0,900}+")
_QUOTABLE = re.compile(r"[\x01-\x09\x0b\x0c\x0e-\x7f]{0,900}+")


def string(text: str) -> str:
    """A string.

    >>> string("Hi"), string('"Hi"'), string("Grüße")
    ('"Hi"', '"\\\\"Hi\\\\""', '{7}\\r\\nGrüße')
    """
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    if _QUOTABLE.fullmatch(text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    text = text.replace("\0", "\ufffd")  # a literal may have any octet but that (RFC 9051 §9, CHAR8)
    return f"{{{len(encoded(text))}}}\r\n{text}"


def nstring(text: str) -> str:
    """A string, or NIL for an empty one."""
    return string(text) if text else "NIL"


def unfolded(value: bytes) -> str:
    """The value of a field on one line (RFC 5322 §2.2.3), for `encoded`."""
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value.strip().decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """The octets that *text* was."""
    return text.encode("utf-8", "surrogateescape")
