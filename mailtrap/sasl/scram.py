"""SCRAM: each side shows the other that it knows the password, and neither says it (RFC 5802, RFC 7677)."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from dataclasses import dataclass
from functools import partial
from secrets import token_bytes, token_urlsafe

from mailtrap.sasl.exchange import BadExchange, Claim, Exchange, Mechanism, Verifier, decoded, prepared, text

ITERATIONS = 4096
"""RFC 7677 §4 wants no fewer."""

_FIRST = re.compile(rb"((?:n|y),(?:a=([^,]+))?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)", re.DOTALL)
_FINAL = re.compile(rb"(c=([^,]*),r=([^,]*)(?:,.*)?),p=([^,]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class First:
    """The client's first message (RFC 5802 §7)."""

    header: bytes
    bare: bytes
    user: str
    nonce: bytes

    @classmethod
    def read(cls, message: bytes) -> First:
        """Take it apart; raises `BadExchange`."""
        found = _FIRST.fullmatch(message)
        if found is None:  # also where channel binding is wanted (p=…) or an extension is mandatory (m=…)
            raise BadExchange("SCRAM begins with n,,n=user,r=nonce, without channel binding")
        header, authzid, bare, user, nonce = found.groups()
        if authzid not in (None, user):
            raise BadExchange("nobody may act for others here")
        return cls(header, bare, _name(user), nonce)


def _exchange(algorithm: str, verifier: Verifier) -> Exchange:
    """RFC 5802 §5. Who has no password is answered like anybody else, and fails at the end."""
    first = First.read((yield b""))
    password = next(iter(verifier.passwords(first.user)), None)
    salt, nonce = token_bytes(16), first.nonce + token_urlsafe(18).encode()
    challenge = b"r=%b,s=%b,i=%d" % (nonce, b64encode(salt), ITERATIONS)
    final = _FINAL.fullmatch((yield challenge))
    if final is None or decoded(final[2]) != first.header or final[3] != nonce:
        raise BadExchange("the channel binding or the nonce is not what it was")
    keys = Keys.of(algorithm, password or token_urlsafe(), salt)
    message = b",".join((first.bare, challenge, final[1]))
    proven = keys.proven(message, decoded(final[4])) and password is not None
    if proven:
        yield b"v=" + b64encode(keys.signature(message))
    return Claim(first.user, lambda wanted: proven and password == wanted, needs_password=True)


@dataclass(frozen=True, slots=True)
class Keys:
    """What is made of a password (RFC 5802 §3)."""

    algorithm: str
    stored: bytes
    server: bytes

    @classmethod
    def of(cls, algorithm: str, password: str, salt: bytes) -> Keys:
        """The keys for a password and a salt."""
        salted = hashlib.pbkdf2_hmac(algorithm, prepared(password).encode(), salt, ITERATIONS)
        client = hmac.digest(salted, b"Client Key", algorithm)
        return cls(algorithm, hashlib.new(algorithm, client).digest(), hmac.digest(salted, b"Server Key", algorithm))

    def proven(self, message: bytes, proof: bytes) -> bool:
        """Whether *proof* can only come from who knows the password."""
        signature = hmac.digest(self.stored, message, self.algorithm)
        if len(proof) != len(signature):
            return False
        client = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
        return hmac.compare_digest(hashlib.new(self.algorithm, client).digest(), self.stored)

    def signature(self, message: bytes) -> bytes:
        """The server's own proof."""
        return hmac.digest(self.server, message, self.algorithm)


def _name(user: bytes) -> str:
    if not user or re.search(rb"=(?!2C|3D)", user):  # RFC 5802 §5.1
        raise BadExchange("in a name of SCRAM, = is =3D and a comma is =2C")
    return text(user.replace(b"=2C", b",").replace(b"=3D", b"="))


SCRAM_SHA_256 = Mechanism("SCRAM-SHA-256", partial(_exchange, "sha256"), needs_password=True)
SCRAM_SHA_1 = Mechanism("SCRAM-SHA-1", partial(_exchange, "sha1"), needs_password=True)
