"""PLAIN: everything in one message (RFC 4616)."""

from __future__ import annotations

from mailtrap.sasl.exchange import BadExchange, Exchange, Mechanism, Verifier, said


def plain(_: Verifier) -> Exchange:
    """RFC 4616 §2: ``authzid NUL authcid NUL password``.

    Who is to be acted for goes first. Their password is the one that counts: nobody may act for others here.
    """
    found = (yield b"").split(b"\0")
    if len(found) != 3 or not found[1]:
        raise BadExchange("PLAIN is: authorization identity NUL user NUL password")
    return said(found[0] or found[1], found[2])


PLAIN = Mechanism("PLAIN", plain)
