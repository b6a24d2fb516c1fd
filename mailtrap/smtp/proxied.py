"""The header by which a proxy says whose connection it passes on (HAProxy's PROXY protocol, versions 1 and 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from mailtrap.errors import MailtrapError
from mailtrap.smtp.peers import place

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
"""Of version 2 (§2.2)."""

LONGEST = 107
"""Octets of version 1, with its CRLF (§2.1)."""

_FIXED = len(SIGNATURE) + 4
_WORDS = re.compile(
    rb"PROXY (?:TCP([46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) ([0-9]{1,5}) ([0-9]{1,5})|UNKNOWN(?: .*)?)\r\n"
)
_ADDRESSES = {1: (IPv4Address, 4), 2: (IPv6Address, 16)}


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
    if SIGNATURE.startswith(octets[: len(SIGNATURE)]):
        return _second(octets) if len(octets) >= _FIXED else None
    if not b"PROXY ".startswith(octets[:6]):
        raise BadHeader("it begins otherwise")
    return _first(octets)


def _first(octets: bytes) -> Header | None:
    end = octets.find(b"\n", 0, LONGEST)
    if end < 0 and len(octets) < LONGEST:
        return None
    found = _WORDS.fullmatch(octets[: end + 1])
    if found is None:
        raise BadHeader("the line is not as it must be")
    version, *hosts = found[1], found[2], found[3]
    if version is None:  # UNKNOWN: a check of health, or what cannot be said
        return Header(end + 1)
    ports = int(found[4]), int(found[5])
    try:
        addresses = [ip_address(host.decode()) for host in hosts]
    except ValueError:
        raise BadHeader("an address is none") from None
    if max(ports) > 65535 or {each.version for each in addresses} != {int(version)}:
        raise BadHeader("an address or port is none of TCP" + version.decode())
    return Header(end + 1, *map(place, map(str, addresses), ports))


def _second(octets: bytes) -> Header | None:
    command, family = octets[len(SIGNATURE)], octets[len(SIGNATURE) + 1]
    size = _FIXED + int.from_bytes(octets[_FIXED - 2 : _FIXED], "big")
    if command not in (0x20, 0x21):
        raise BadHeader("version or command is unknown")
    if len(octets) < size:
        return None
    if command == 0x20 or family >> 4 not in _ADDRESSES:  # LOCAL, or neither IPv4 nor IPv6
        return Header(size)
    kind, width = _ADDRESSES[family >> 4]
    said = octets[_FIXED:size]
    if len(said) < 2 * width + 4:  # what is behind, are TLVs
        raise BadHeader("it is too short for its addresses")
    hosts = str(kind(said[:width])), str(kind(said[width : 2 * width]))
    ports = (int.from_bytes(said[at : at + 2], "big") for at in (2 * width, 2 * width + 2))
    return Header(size, *map(place, hosts, ports))
