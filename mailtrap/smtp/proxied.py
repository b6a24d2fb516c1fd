"""The header by which a proxy says whose connection it passes on (HAProxy's PROXY protocol, versions 1 and 2).

How far it goes is seen here, so that nobody waits for more than it can have; what it says, aiosmtpd reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailtrap.errors import MailtrapError
from mailtrap.peers import place

if TYPE_CHECKING:
    from aiosmtpd.proxy_protocol import ProxyData

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
"""Of version 2 (§2.2)."""

LONGEST = 107
"""Octets of version 1, with its CRLF (§2.1)."""

_FIXED = len(SIGNATURE) + 4
_IP = (1, 2)
"""The families that have addresses of hosts (§2.2): IPv4 and IPv6."""


class BadHeader(MailtrapError):
    """What came first is no header of a proxy."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a proxy said: so many octets, and both ends as ``host:port``; empty where it speaks for itself."""

    octets: int
    peer: str = ""
    local: str = ""


def header(octets: bytes) -> Header | None:
    """The header that *octets* begin with; None as long as it is not complete. Raises `BadHeader`.

    >>> header(b"PROXY TCP4 192.0.2.1 192.0.2.9 4711 25\\r\\nEHLO").peer
    '192.0.2.1:4711'
    """
    size = _size(octets)
    if size is None:
        return None
    said = _read(octets[:size])
    if not said.valid:
        raise BadHeader(said.error)
    if said.command == 0 or said.family not in _IP:  # LOCAL, UNKNOWN: a check of health, or what cannot be said
        return Header(size)
    return Header(size, place(str(said.src_addr), said.src_port or 0), place(str(said.dst_addr), said.dst_port or 0))


def _size(octets: bytes) -> int | None:
    """How many octets it has."""
    if SIGNATURE.startswith(octets[: len(SIGNATURE)]):
        size = _FIXED + int.from_bytes(octets[_FIXED - 2 : _FIXED], "big")
        return size if len(octets) >= max(size, _FIXED) else None
    if not b"PROXY ".startswith(octets[:6]):
        raise BadHeader("it begins otherwise")
    end = octets.find(b"\n", 0, LONGEST)
    if end >= 0:
        return end + 1
    if len(octets) >= LONGEST:
        raise BadHeader("the line is too long")
    return None


def _read(octets: bytes) -> ProxyData:
    from aiosmtpd.proxy_protocol import get_proxy  # late: few servers are behind a proxy

    reading = get_proxy(_Octets(octets))
    try:
        reading.send(None)
    except StopIteration as end:
        found: ProxyData = end.value
        return found
    raise BadHeader("it is not complete")


class _Octets:
    """What aiosmtpd reads from: all of it is there, so nobody waits."""

    def __init__(self, octets: bytes) -> None:
        self._rest = octets

    async def read(self, count: int | None = None) -> bytes:
        """Up to *count* octets."""
        end = len(self._rest) if count is None else count
        octets, self._rest = self._rest[:end], self._rest[end:]
        return octets

    async def readexactly(self, count: int) -> bytes:
        """That many octets; of a header that is complete, they are there."""
        return await self.read(count)

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """Up to the end of the line."""
        return await self.read(self._rest.find(separator) + len(separator))
