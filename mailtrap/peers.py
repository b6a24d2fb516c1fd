"""Who is at the other end, and whether it is somebody to be believed."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

UNIX = "unix"
"""Who is at the other end of a Unix socket: somebody on this machine, of whom no more is known."""


def place(host: str, port: int) -> str:
    """Both in one.

    >>> place("192.0.2.1", 25), place("2001:db8::1", 0), place("/run/lmtp.sock", 0)
    ('192.0.2.1:25', '[2001:db8::1]:0', 'unix:/run/lmtp.sock')
    """
    if is_path(host):
        return f"{UNIX}:{host}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parts(written: str) -> tuple[str, int]:
    """The host and port of a place.

    >>> parts("[2001:db8::1]:25"), parts("unix")
    (('2001:db8::1', 25), ('unix', 0))
    """
    if ":" not in written:
        return written, 0
    host, _, port = written.rpartition(":")
    return host.strip("[]"), int(port) if port.isdigit() else 0


def is_path(host: str) -> bool:
    """Whether it is a Unix socket's path that stands in the place of a host."""
    return host.startswith("/")


def is_within(written: str, networks: Iterable[Network]) -> bool:
    """Whether a place is in one of *networks*; an IPv4 address written as IPv6 is what it stands for."""
    try:
        address = ip_address(parts(written)[0])
    except ValueError:  # no IP
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((mapped or address) in network for network in networks)
