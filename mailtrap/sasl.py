"""SASL mechanisms (RFC 4422), as POP3 and IMAP let a client log in: whatever the secret, it will do."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from collections.abc import Callable, Generator

from mailtrap.errors import MailtrapError

Exchange = Generator[bytes, bytes, str]
"""Yields challenges, is sent the client's responses, and returns the user name."""


class BadExchange(MailtrapError):
    """What the client sent is not what the mechanism has in this place."""


def plain() -> Exchange:
    """RFC 4616: ``authzid NUL authcid NUL password``; who is to be acted for goes first."""
    found = (yield b"").split(b"\0")
    if len(found) != 3 or not found[1]:
        raise BadExchange("PLAIN is: authorization identity NUL user NUL password")
    return _text(found[0] or found[1])


def login() -> Exchange:
    """draft-murchison-sasl-login."""
    user = yield b"Username:"
    yield b"Password:"
    return _text(user)


def xoauth2() -> Exchange:
    """What Google and Microsoft have: ``user=…^Aauth=Bearer …^A^A``."""
    found = _USER.match((yield b""))
    if found is None:
        raise BadExchange("XOAUTH2 begins with user=")
    return _text(found[1])


def oauthbearer() -> Exchange:
    """RFC 7628: ``n,a=user,^Ahost=…^Aauth=Bearer …^A^A``."""
    found = _AUTHZID.match((yield b""))
    if found is None:
        raise BadExchange("OAUTHBEARER begins with n,a=user,")
    return _text(found[1].replace(b"=2C", b",").replace(b"=3D", b"="))


MECHANISMS: dict[str, Callable[[], Exchange]] = {
    "PLAIN": plain,
    "LOGIN": login,
    "XOAUTH2": xoauth2,
    "OAUTHBEARER": oauthbearer,
}
"""Those offered. Not SCRAM: its client verifies the server, which knows no password (RFC 5802 §3)."""


def decoded(line: bytes) -> bytes:
    """A client's response: base64 of one line, strictly; ``=`` is an empty one (RFC 4959 §3, RFC 5034 §4).

    Raises `BadExchange`, also for ``*``, by which a client gives up.
    """
    if line == b"*":
        raise BadExchange("the exchange was cancelled")
    if line == b"=":
        return b""
    try:
        return a2b_base64(line, strict_mode=True)
    except Error:
        raise BadExchange("the response is not base64") from None


_USER = re.compile(rb"user=([^\x01]+)\x01")
_AUTHZID = re.compile(rb"[ny],a=([^,\x01]+),")


def _text(user: bytes) -> str:
    return user.decode("utf-8", "surrogateescape")
