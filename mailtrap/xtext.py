"""xtext, by which parameters of SMTP say what may not stand in one (RFC 3461 §4)."""

from __future__ import annotations

import re

from mailtrap.errors import MailtrapError

_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*+")
_ESCAPE = re.compile(r"\+([0-9A-F]{2})")
_TO_ESCAPE = re.compile(rb"[^!-*,-<>-~]")


class BadXtext(MailtrapError):
    """It is not xtext."""


def encoded(text: str) -> str:
    """*text* as xtext.

    >>> encoded("QQ+ 314=π")
    'QQ+2B+20314+3D+CF+80'
    """
    octets = text.encode("utf-8", "surrogateescape")
    return _TO_ESCAPE.sub(lambda found: b"+%02X" % found[0][0], octets).decode("ascii")


def decoded(text: str) -> str:
    """What *text* stands for; octets that are not UTF-8 become lone surrogates. Raises `BadXtext`.

    >>> decoded("QQ+2B+20314+3D+CF+80")
    'QQ+ 314=π'
    """
    if not _XTEXT.fullmatch(text):
        raise BadXtext(text)
    octets = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).encode("latin-1")
    return octets.decode("utf-8", "surrogateescape")
