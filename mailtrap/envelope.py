"""What the SMTP client declared, as opposed to what the message says of itself (RFC 5321 §2.3.1)."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime


class Address(str):
    """A mail address: a plain `str` (without angle brackets) that knows its parts.

    >>> ann = Address("ann@example.com", name="Ann")
    >>> ann.local, ann.domain, ann.name
    ('ann', 'example.com', 'Ann')
    >>> ann == "ann@example.com"
    True
    """

    __slots__ = ("name", "parameters")
    name: str
    parameters: tuple[str, ...]

    def __new__(cls, address: str, *, name: str = "", parameters: tuple[str, ...] = ()) -> Address:
        """*name* is a header's display name; *parameters* are those of MAIL or RCPT, as sent."""
        self = super().__new__(cls, address)
        self.name = name
        self.parameters = parameters
        return self

    @property
    def local(self) -> str:
        """What stands before the last `@` (all of it where there is none)."""
        return self.rpartition("@")[0] if "@" in self else str(self)

    @property
    def domain(self) -> str:
        """What stands behind the last `@` (nothing where there is none)."""
        return self.rpartition("@")[2] if "@" in self else ""

    def parameter(self, keyword: str) -> str | None:
        """The value of a parameter, whose keyword is written in capitals here; empty if it has none. None without it.

        >>> Address("ann@example.com", parameters=("size=99",)).parameter("SIZE")
        '99'
        """
        for each in self.parameters:
            name, _, value = each.partition("=")
            if name.upper() == keyword:
                return value
        return None

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        return (str(self),), {"name": self.name, "parameters": self.parameters}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the client said before DATA; the message itself may claim otherwise.

    Octets that are not UTF-8 are kept as lone surrogates (`surrogateescape`).
    """

    mail_from: Address
    rcpt_to: tuple[Address, ...]
    helo: str = ""
    user: str | None = None
    peer: str = ""
    tls: str | None = None
    """The TLS version, e.g. ``TLSv1.3``; None in plaintext."""
    started: datetime | None = None
    """When MAIL FROM came."""


def new_id() -> str:
    """96 random bits, URL-safe, 16 characters: the id of a message or a session."""
    try:
        return _ids.pop()
    except IndexError:
        first, *others = _random_ids()
        _ids.extend(others)
        return first


# To ask the system for randomness lets other threads run meanwhile, and waits for them: so not for each id.
_AT_ONCE = 64
_ids: list[str] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ids.clear)  # parent and child shall not give the same


def _random_ids() -> list[str]:
    text = urlsafe_b64encode(os.urandom(12 * _AT_ONCE)).decode()
    return [text[at : at + 16] for at in range(0, len(text), 16)]
