"""OAUTHBEARER: a bearer token (RFC 7628)."""

from __future__ import annotations

import re

from mailtrap.sasl.exchange import BadExchange, Exchange, Mechanism, Verifier, said
from mailtrap.sasl.xoauth2 import token

_AUTHZID = re.compile(rb"[ny],a=([^,\x01]+),")
_REFUSED = b'{"status":"invalid_token","scope":"mail"}'  # §3.2.2


def oauthbearer(_: Verifier) -> Exchange:
    """RFC 7628 §3.1: ``n,a=user,^Ahost=…^Aport=…^Aauth=Bearer …^A^A``. The token is the password."""
    response = yield b""
    found = _AUTHZID.match(response)
    if found is None:
        raise BadExchange("OAUTHBEARER begins with n,a=user,")
    user = found[1].replace(b"=2C", b",").replace(b"=3D", b"=")
    return said(user, token(response[found.end() :]), _REFUSED)


OAUTHBEARER = Mechanism("OAUTHBEARER", oauthbearer)
