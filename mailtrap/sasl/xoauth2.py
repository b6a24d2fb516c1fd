"""XOAUTH2: a bearer token, as Google and Microsoft have it."""

from __future__ import annotations

import re

from mailtrap.sasl.exchange import BadExchange, Exchange, Mechanism, Verifier, said

_MESSAGE = re.compile(rb"user=([^\x01]+)\x01(?:.*\x01)?", re.DOTALL)
_TOKEN = re.compile(rb"(?:\A|\x01)auth=Bearer[ ]+([^\x01]*)", re.IGNORECASE)
_REFUSED = b'{"status":"400","schemes":"bearer","scope":"mail"}'


def xoauth2(_: Verifier) -> Exchange:
    """``user=…^Aauth=Bearer …^A^A``. The token is the password. A refusal is explained, to which nothing is said."""
    response = yield b""
    found = _MESSAGE.match(response)
    if found is None:
        raise BadExchange("XOAUTH2 begins with user=")
    return said(found[1], token(response), _REFUSED)


def token(message: bytes) -> bytes:
    """The bearer token in a message of key and value pairs (RFC 6750 §2.1); empty if there is none."""
    found = _TOKEN.search(message)
    return found[1] if found else b""


XOAUTH2 = Mechanism("XOAUTH2", xoauth2)
