"""Fields of addresses as ENVELOPE has them: address structures, RFC 9051 §7.5.2."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from mailtrap.message.headers import Header
from mailtrap.message.limits import LIMITS
from mailtrap.message.mailboxes import USUAL, Written, unescaped, written
from mailtrap.message.strings import nstring, string, unfolded


def addresses(header: Header, name: bytes) -> str:
    """The addresses of all fields of a name: more than one is wrong, and nothing is hidden. NIL for none."""
    if name not in header.first:
        return "NIL"
    found = "".join([(_cached if len(value) < 256 else _structures)(value) for value in header.all(name)])
    return f"({found})" if found else "NIL"


def _structures(value: bytes) -> str:
    return "".join(_written(unfolded(value)))


_cached = lru_cache(maxsize=512)(_structures)  # an app has few senders, and tests few recipients


def _written(text: str) -> Iterator[str]:
    at = count = 0
    while at < len(text) and count < LIMITS.addresses:
        match = USUAL.match(text, at)
        if match is None:
            yield from map(_structure, written(text, at, LIMITS.addresses - count))
            return
        quoted, name, address, bare = match.groups()
        local, _, host = (bare or address).rpartition("@")
        yield f"({nstring((quoted or name or '').strip())} NIL {string(local)} {string(host)})"
        at = match.end()
        count += 1


def _structure(one: Written) -> str:
    """RFC 9051 §7.5.2: no host is a group's sign, and no name either its end.

    So what is missing of an address is empty, not NIL. (Dovecot invents MISSING_MAILBOX and MISSING_DOMAIN.)
    """
    if one.address is None:
        return f"(NIL NIL {'NIL' if one.name is None else string(one.name)} NIL)"
    local, at, host = one.address.rpartition("@")
    if not at:
        local, host = host, ""
    route = one.route if one.route.startswith("@") else ""
    return f"({nstring(one.name or '')} {nstring(route)} {string(_unquoted(local))} {string(host)})"


def _unquoted(local: str) -> str:
    """A local part without its quotation marks (RFC 9051 §9, addr-mailbox)."""
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        return unescaped(local[1:-1])
    return local
