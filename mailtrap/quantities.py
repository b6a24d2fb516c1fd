"""How settings are written: ports, sizes, durations, addresses. Each reader takes text, or the value itself.

They raise `ValueError`, saying what is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network

LOOPBACK = ("127.0.0.1", "::1")

SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "k": 2**10, "m": 2**20, "g": 2**30}
SIZES |= {"kib": 2**10, "mib": 2**20, "gib": 2**30}
SECONDS = {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
SWITCH = dict.fromkeys(("on", "true", "yes", "1"), True) | dict.fromkeys(("off", "false", "no", "0"), False)

_NUMBER = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([a-z]{0,3})", re.IGNORECASE)
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_LABELS = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")
_KEYWORD = re.compile(r"[A-Z0-9][A-Z0-9-]*")
_NAMES = "host names such as mail.example, or IP addresses"


def port(value: object) -> int | None:
    """A port, 0 for any free one, None for ``off``.

    >>> port("1025"), port("0"), port("off")
    (1025, 0, None)
    """
    if value is None or value is False or str(value).lower() == "off":
        return None
    number = _whole(value)
    if number is None or number > 65535:
        raise ValueError("a port from 1 to 65535, 0 for any free one, or off")
    return number


def listener(value: object) -> int | Path | None:
    """A port, as `port` reads it, or a path: what has a ``/`` in it, or ends in ``.sock``.

    >>> listener("0"), str(listener("./lmtp.sock"))
    (0, 'lmtp.sock')
    """
    if isinstance(value, Path) or (isinstance(value, str) and ("/" in value or value.endswith(".sock"))):
        if not str(value).isprintable():  # a NUL cannot be, and the rest is shown on terminals and pages
            raise ValueError("the path of a Unix socket, without control characters")
        return _path(value, "the path of a Unix socket")
    try:
        return port(value)
    except ValueError as error:
        raise ValueError(f"{error}; or the path of a Unix socket, with a / in it") from None


def count(value: object) -> int:
    """How many: a whole number above 0."""
    number = _whole(value)
    if not number:
        raise ValueError("a whole number above 0")
    return number


def depth(value: object) -> int:
    """How deep: such parts are read by functions that call themselves."""
    number = _whole(value)
    if not number or number > 200:
        raise ValueError("a whole number from 1 to 200")
    return number


def size(value: object) -> int:
    """Octets, with or without a unit.

    >>> size("50MiB"), size("1.5 kB"), size(1024)
    (52428800, 1500, 1024)
    """
    octets = _scaled(value, SIZES)
    if octets is None or octets < 1:
        raise ValueError("a size such as 50MiB, 500kB or 1048576")
    return int(octets)


def line(value: object) -> int:
    """Octets of a line: as many at least as a client of SMTP may send (RFC 5321 §4.5.3.1.4); POP3 has less."""
    octets = _scaled(value, SIZES)
    if octets is None or octets < 512:
        raise ValueError("a size such as 12KiB, and 512 at least, which SMTP needs")
    return int(octets)


def duration(value: object) -> float:
    """Seconds, with or without a unit.

    >>> duration("5m"), duration("250ms"), duration(30)
    (300.0, 0.25, 30.0)
    """
    seconds = _scaled(value, SECONDS)
    if not seconds:
        raise ValueError("a time above 0 such as 30s, 5m or 250ms")
    return float(seconds)


def addresses(value: object) -> tuple[str, ...]:
    """The IP addresses to listen on. Names are not looked up, but ``localhost`` is both loopback addresses.

    >>> addresses("0.0.0.0, ::"), addresses("localhost")
    (('0.0.0.0', '::'), ('127.0.0.1', '::1'))
    """
    found: dict[str, None] = {}
    for item in _items(value):
        found |= dict.fromkeys(LOOPBACK if item.lower() == "localhost" else (_address(item),))
    if not found:
        raise ValueError("one or more IP addresses, or localhost")
    return tuple(found)


def host_name(value: object) -> str:
    """A domain name, without looking it up."""
    if not isinstance(value, str) or not _HOST_NAME.fullmatch(value):
        raise ValueError("a host name such as mail.example")
    return value


def host_names(value: object) -> tuple[str, ...]:
    """Domain names, separated by commas or spaces.

    >>> host_names("mail.example, ci.example")
    ('mail.example', 'ci.example')
    """
    return tuple(host_name(item) for item in _items(value))


def certificate_names(value: object) -> tuple[str, ...]:
    """Host names and IP addresses that a certificate can be for, separated by commas or spaces.

    >>> certificate_names("Mail.example, 192.0.2.1")
    ('mail.example', '192.0.2.1')
    """
    return tuple(item.lower() if _LABELS.fullmatch(item.lower()) else _address(item, _NAMES) for item in _items(value))


def one_of(*words: str) -> Callable[[object], str]:
    """Reads one of these words, in any letter case.

    >>> one_of("full", "minimal")("Full")
    'full'
    """

    def read(value: object) -> str:
        found = value.strip().lower() if isinstance(value, str) else ""
        if found not in words:
            raise ValueError(" or ".join([", ".join(words[:-1]), words[-1]]))
        return found

    return read


def keywords(value: object) -> tuple[str, ...]:
    """Keywords of SMTP's EHLO, separated by commas or spaces.

    >>> keywords("8bitmime, DSN")
    ('8BITMIME', 'DSN')
    """
    found = tuple(item.upper() for item in _items(value))
    if not all(map(_KEYWORD.fullmatch, found)):
        raise ValueError("keywords of EHLO such as 8BITMIME")
    return found


def networks(value: object) -> tuple[Network, ...]:
    """IP addresses and networks, separated by commas or spaces.

    >>> [str(each) for each in networks("10.0.0.0/8, ::1")]
    ['10.0.0.0/8', '::1/128']
    """
    try:
        return tuple(ip_network(item, strict=False) for item in _items(value))
    except ValueError:
        raise ValueError("IP addresses, or networks such as 10.0.0.0/8") from None


def path(value: object) -> Path:
    """A directory; ``~`` is the home directory."""
    return _path(value, "a directory")


def file(value: object) -> Path:
    """A file; ``~`` is the home directory."""
    return _path(value, "a file")


def switch(value: object) -> bool:
    """On or off.

    >>> switch("on"), switch("no"), switch("1"), switch(True)
    (True, False, True, True)
    """
    found = SWITCH.get(str(value).strip().lower()) if isinstance(value, str | bool | int) else None
    if found is None:
        raise ValueError("on or off")
    return found


def url(value: object) -> str:
    """An http or https address, given without the slash at its end.

    >>> url("https://ci.example/mail/")
    'https://ci.example/mail'
    """
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment:
        raise ValueError("an address such as https://ci.example/mail")
    return parts.geturl().rstrip("/")


def _whole(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _scaled(value: object, units: dict[str, int] | dict[str, float]) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    matched = _NUMBER.fullmatch(str(value).strip())
    unit = units.get(matched[2].lower()) if matched else None
    return float(matched[1]) * unit if matched and unit is not None else None


def _items(value: object) -> list[str]:
    if isinstance(value, str):
        return value.replace(",", " ").split()
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return list(value)
    raise ValueError("text, or a list of texts")


def _address(item: str, wanted: str = "IP addresses (names are never looked up), or localhost") -> str:
    try:
        return str(ip_address(item.removeprefix("[").removesuffix("]")))
    except ValueError:
        raise ValueError(wanted) from None


def _path(value: object, wanted: str) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError(wanted)
    try:
        return Path(value).expanduser()
    except RuntimeError:  # there is no such user
        raise ValueError(wanted) from None
