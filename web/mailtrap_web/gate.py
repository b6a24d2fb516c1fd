"""Who may ask: names that cannot be rebound to us from outside, and no page of another site.

A sandbox on a developer's machine is reachable by every page that its browser shows. Two things keep those
out. The name in `Host` must be one that nobody outside can point at us (DNS rebinding). And a request that a
browser says another site made is refused, on every route and for every method.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from mailtrap_web.api.problems import Problem
from mailtrap_web.world import HEAD_LIMIT, World

UNCHECKED = ("/livez", "/readyz")
"""Health checks ask by whatever name they have, and are told nothing."""

_INNER = (".localhost", ".local", ".internal", ".test", ".svc", ".cluster.local")
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^\s\[\]/\\?#@:]+)(?::[0-9]*)?", re.ASCII | re.IGNORECASE)
_IMAGE = re.compile(r"/v1/messages/[^/]+/parts/[^/]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """As much of a request as decides whether it may come in. *path* is decoded, once, as the routes see it."""

    method: str
    path: str
    query: bytes
    version: str
    headers: Mapping[str, tuple[str, ...]]
    """By lower-case name; all values of each."""

    def header(self, name: str) -> str:
        """The value of a header, lower case; empty if there is none."""
        return ", ".join(self.headers.get(name, ())).lower()


def admit(asked: Asked, names: Iterable[str]) -> None:
    """Raise a `Problem` if the request may not come in; *names* are those allowed besides internal ones."""
    _check_target(asked)
    if asked.path in UNCHECKED:
        return
    host = _host(asked)
    if host is not None and not host_allowed(host, names):
        raise Problem(
            403,
            "host_not_allowed",
            f"this sandbox does not go by the name {host!r}; if it should, start it with --allowed-host {host}",
        )
    if not _same_site(asked, host, names):
        raise Problem(403, "cross_site", "a page of another site must not ask; the setting allowed_host names more")


def own_names(world: World) -> frozenset[str]:
    """The names that are ours besides internal ones: this machine's, the sandbox's, that of its URL, those allowed."""
    public = (urlsplit(world.url).hostname or "") if world.url else ""
    names = (socket.gethostname(), world.hostname, public, *world.allowed_hosts)
    return frozenset(name.lower().rstrip(".") for name in names if name)


def host_allowed(host: str, names: Iterable[str]) -> bool:
    """Whether nobody outside can point the name *host* at us, or it is among *names*.

    >>> [host_allowed(name, ()) for name in ("localhost", "10.0.0.7", "::1", "mail", "ci.svc", "evil.example")]
    [True, True, True, True, True, False]
    """
    # A name without a dot is looked up in the search domains of whoever asks, never in the whole world's DNS.
    return "." not in host or host.endswith(_INNER) or host in names or _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _check_target(asked: Asked) -> None:
    if asked.version not in ("1.0", "1.1"):
        raise Problem(505, "version_not_supported", "this server speaks HTTP/1.0 and HTTP/1.1")
    segments = asked.path.split("/")
    if "." in segments or ".." in segments or "\\" in asked.path or any(c < " " or c == "\x7f" for c in asked.path):
        raise Problem(400, "bad_target", "the path has dot segments, backslashes or control characters in it")
    if sum(len(name) + len(value) for name, values in asked.headers.items() for value in values) > HEAD_LIMIT:
        raise Problem(431, "head_too_large", f"the header has more than {HEAD_LIMIT} octets")
    if not asked.query.isascii():
        raise Problem(400, "bad_target", "the query has octets in it that must be percent-encoded")


def _host(asked: Asked) -> str | None:
    """The name that the client knows us by, without port; None where HTTP/1.0 gives none."""
    values = asked.headers.get("host", ())
    if not values and asked.version == "1.0":
        return None
    # RFC 9112 §3.2: none, more than one, or one that is no authority is 400
    found = _AUTHORITY.fullmatch(values[0]) if len(values) == 1 else None
    if not found:
        raise Problem(400, "bad_host", "the request must have one valid Host header")
    return found[1].strip("[]").lower().removesuffix(".")


def _same_site(asked: Asked, host: str | None, names: Iterable[str]) -> bool:
    """Whether no browser says that another site asks, or it is one of the two things that another site may do."""
    site, origin = asked.header("sec-fetch-site"), asked.header("origin")
    if site in ("", "same-origin", "same-site") and _is_ours(origin, host, names):
        return True
    if asked.method not in ("GET", "HEAD"):
        return False
    mode, destination = asked.header("sec-fetch-mode"), asked.header("sec-fetch-dest")
    if site == "none":  # typed in, or a bookmark
        return _is_ours(origin, host, names)
    if mode == "navigate" and destination == "document":  # a followed link, to a page
        return not asked.path.startswith("/v1/") and not origin
    # A message's own images come from its frame, whose origin is opaque; the route gives images only.
    return destination == "image" and origin in ("", "null") and bool(_IMAGE.fullmatch(asked.path))


def _is_ours(origin: str, host: str | None, names: Iterable[str]) -> bool:
    """Whether *origin* is absent, or of the site that *host* is, whatever its port."""
    if not origin:
        return True
    try:
        name = (urlsplit(origin).hostname or "").removesuffix(".")
    except ValueError:
        return False
    return bool(name) and (name == host or name in names)
