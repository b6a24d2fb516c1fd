"""Keys: what is looked up whole, not as a part of a text: addresses, domains, content types, session facts.

A key is a field and a value, ``to ann@example.com``. A message has a set of them, a term of a query asks for
one of a few. `mailtrap.search.match` and the store's index both go by this module, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from zlib import crc32

from mailtrap.accounts import CATCHALL, account_name
from mailtrap.message.summary import Summary
from mailtrap.search.fold import storable
from mailtrap.search.tree import Account, Addressed, Has, Is, Query, Session, Type


def keys(summary: Summary) -> list[str]:
    """All keys of a message, none twice."""
    return list(dict.fromkeys(key for field in (*_ADDRESSES, *_VALUES) for key in keys_of(field, summary)))


def keys_of(field: str, summary: Summary) -> Iterator[str]:
    """The keys of a message in one field."""
    if field in _VALUES:
        for value in _VALUES[field](summary):
            yield _key(field, value)
        return
    for address in _ADDRESSES[field](summary):
        name = account_name(address)
        yield _key(field, name)
        _, at, domain = name.rpartition("@")
        if at:
            yield _key(field, at + domain)


def asked(term: Query) -> tuple[str, ...]:
    """The keys of which a message needs one for *term* to hold, ``*`` being a wildcard; none: *term* is no key."""
    match term:
        case Addressed(field, pattern):
            return _asked_addresses(field, account_name(pattern))
        case Type(value):
            return (_key("type", value.lower()),)
        case Has(feature):
            return (_key("has", feature),)
        case Is("broken"):
            return (_key("is", "broken"),)
        case Session("id", value):
            return (_key("id", value),)
        case Session(field, value):
            return (_key(field, value.lower()),)
        case Account(name) if name != CATCHALL:  # which is everywhere
            return (_key("account", name),)
        case _:
            return ()


def code(key: str) -> str:
    """A key in three letters of the private use area, so that an index of trigrams knows it by one of them.

    The first, the second and the third are of different kinds: where codes stand side by side, none is seen
    that is not there. Two keys may share a code; whoever looks one up compares the key as well.
    """
    check = crc32(key.encode())
    return chr(0xE100 + (check & 0x7FF)) + chr(0xE900 + (check >> 11 & 0x7FF)) + chr(0xF100 + (check >> 22))


def is_among(key: str, among: Iterable[str]) -> bool:
    """Whether one of the keys *among* is *key*."""
    return any(glob(key, each) for each in among) if is_wild(key) else key in among


def is_wild(key: str) -> bool:
    """Whether *key* has a wildcard. ``type image/*`` has none: every image has that key, too."""
    return "*" in (key.removesuffix("/*") if key.startswith("type ") else key)


def glob(pattern: str, text: str) -> bool:
    """Whether *text* is *pattern*, ``*`` being any characters or none. Linear: pieces are found from the left.

    >>> glob("ann*@*.test", "ann+news@x.test"), glob("ann*", "joann")
    (True, False)
    """
    first, *pieces = pattern.split("*")
    if not pieces:
        return text == pattern
    if not text.startswith(first):
        return False
    at = len(first)
    last = pieces.pop()
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return text.endswith(last) and len(text) - len(last) >= at


def _asked_addresses(field: str, pattern: str) -> tuple[str, ...]:
    """*pattern* as a whole address and, where it may be one, as a domain."""
    if "@" in pattern or not pattern:  # MAIL FROM:<> has an address that is empty, and no domain
        return (_key(field, pattern),)
    return _key(field, pattern), _key(field, "@" + pattern)


def _rcpt_to(summary: Summary) -> tuple[str, ...]:
    return summary.envelope.rcpt_to if summary.envelope else ()


def _mail_from(summary: Summary) -> tuple[str, ...]:
    return (summary.envelope.mail_from,) if summary.envelope else ()


def _types(summary: Summary) -> Iterable[str]:
    types = summary.facts.types
    return (*types, *(each.partition("/")[0] + "/*" for each in types))


def _features(summary: Summary) -> Iterator[str]:
    if summary.facts.attachments:
        yield "attachment"
    if "text/html" in summary.facts.types:
        yield "html"
    if "text/calendar" in summary.facts.types:
        yield "calendar"


def _broken(summary: Summary) -> tuple[str, ...]:
    return ("broken",) if summary.facts.defects or summary.facts.defect_count else ()


def _accounts(summary: Summary) -> Iterable[str]:
    return (name for name in summary.accounts if name != CATCHALL)


def _said(fact: str, summary: Summary) -> tuple[str, ...]:
    value = getattr(summary.envelope, fact, None)
    return (value.lower(),) if value else ()


_ADDRESSES: dict[str, Callable[[Summary], Iterable[str]]] = {
    "from": lambda summary: summary.facts.from_,
    "to": lambda summary: (*_rcpt_to(summary), *summary.facts.to, *summary.facts.cc),
    "cc": lambda summary: summary.facts.cc,
    "bcc": lambda summary: summary.facts.bcc,
    "rcpt": _rcpt_to,
    "mailfrom": _mail_from,
}
_VALUES: dict[str, Callable[[Summary], Iterable[str]]] = {
    "type": _types,
    "has": _features,
    "is": _broken,
    "id": lambda summary: (summary.session,) if summary.session else (),
    "auth": partial(_said, "user"),
    "helo": partial(_said, "helo"),
    "tls": partial(_said, "tls"),
    "account": _accounts,
}


def _key(field: str, value: str) -> str:
    return f"{field} {storable(value)}".replace("\n", " ")
