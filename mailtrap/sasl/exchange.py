"""What all mechanisms have in common: the exchange of challenges and responses, and what comes of it."""

from __future__ import annotations

import stringprep
import unicodedata
from binascii import Error, a2b_base64
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Protocol

from mailtrap.errors import MailtrapError


class BadExchange(MailtrapError):
    """What the client sent is not what the mechanism has in this place."""


class Cancelled(BadExchange):
    """The client gave up, by ``*``."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a client says it is, and what it has shown for that."""

    user: str
    proves: Callable[[str], bool] = field(repr=False)
    """Whether it has shown that it knows this password; takes as long whether it has or not."""
    needs_password: bool = False
    """Who has none cannot have shown anything: any will not do, since the server has to show that it knows it, too."""
    explanation: bytes = b""
    """What is said to who is refused, as one more challenge; whatever comes back, they stay so (RFC 7628 §3.2.3)."""


class Verifier(Protocol):
    """Who knows the passwords, for mechanisms in which the server has to prove something."""

    def passwords(self, user: str) -> Sequence[str]:
        """Each of these lets *user* in; none where nothing is configured for that name."""


Exchange = Generator[bytes, bytes, Claim]
"""Yields challenges, is sent the client's responses, and returns the claim."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One row of the table."""

    name: str
    begin: Callable[[Verifier], Exchange]
    server_first: bool = False
    """A client has nothing to say before the first challenge."""
    needs_password: bool = False
    """It cannot be played with somebody who has none."""


def decoded(line: bytes) -> bytes:
    """A client's response: base64 of one line, strictly; ``=`` is an empty one (RFC 4959 §3, RFC 5034 §4).

    Raises `BadExchange`; and `Cancelled` for ``*``.
    """
    if line == b"*":
        raise Cancelled("the exchange was cancelled")
    if line == b"=":
        return b""
    try:
        return a2b_base64(line, strict_mode=True)
    except Error:
        raise BadExchange("the response is not base64") from None


def said(user: bytes, secret: bytes, explanation: bytes = b"") -> Claim:
    """The claim of a client that says the password itself."""

    def proves(password: str) -> bool:
        return compare_digest(secret, password.encode("utf-8", "surrogateescape"))

    return Claim(text(user), proves, explanation=explanation)


def text(user: bytes) -> str:
    """A name as text, whatever its octets."""
    return user.decode("utf-8", "surrogateescape")


def prepared(password: str) -> str:
    """What SASLprep (RFC 4013 §2) makes of a password; what it forbids is let be.

    >>> prepared("I\\u00adX"), prepared("\\u00aa"), prepared("a\\u00a0b")
    ('IX', 'a', 'a b')
    """
    mapped = (" " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c))
    return unicodedata.normalize("NFKC", "".join(mapped))
