"""CRAM-MD5: a digest of a challenge, keyed with the password (RFC 2195)."""

from __future__ import annotations

import hmac
import time
from secrets import token_hex

from mailtrap.sasl.exchange import BadExchange, Claim, Exchange, Mechanism, Verifier, prepared, text


def cram_md5(_: Verifier) -> Exchange:
    """RFC 2195 §2. The name may have spaces in it: the digest is what comes last."""
    challenge = b"<%b.%d@sandbox.localhost>" % (token_hex(8).encode(), time.time())
    user, space, digest = (yield challenge).rpartition(b" ")
    if not (space and user):
        raise BadExchange("CRAM-MD5 is: user, a space, and the digest")

    def proves(password: str) -> bool:
        # Some clients prepare the password, as later mechanisms want it, and some do not.
        keys = (each.encode("utf-8", "surrogateescape") for each in (password, prepared(password)))
        wanted = [hmac.new(key, challenge, "md5").hexdigest().encode() for key in keys]
        return any([hmac.compare_digest(digest.lower(), each) for each in wanted])  # noqa: C419 - always both

    return Claim(text(user), proves)


CRAM_MD5 = Mechanism("CRAM-MD5", cram_md5, server_first=True)
