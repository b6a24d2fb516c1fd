"""The search tree as a predicate over one message: for waits, events and filters of what just came."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from mailtrap.accounts import account_name
from mailtrap.message.summary import Summary
from mailtrap.search.document import Document, folded_names, header_has, name_like
from mailtrap.search.fold import fold, storable
from mailtrap.search.keys import asked, is_among, keys_of
from mailtrap.search.tree import (
    Account,
    All,
    Any,
    Header,
    Is,
    Not,
    Origins,
    Query,
    Received,
    Size,
    Tag,
    Text,
)


def matches(query: Query, summary: Summary, document: Callable[[], Document], *, account: str | None = None) -> bool:
    """Whether *query* holds for a message; *document* is called at most once, and only if its text decides.

    With *account*, only what was filed for it can match; without, everything but what was appended.
    """
    if account is None:
        if summary.origin == "append":
            return False
    elif account_name(account) not in summary.accounts:
        return False
    return _holds(query, summary, cache(document))


def _holds(query: Query, summary: Summary, document: Callable[[], Document]) -> bool:
    match query:
        case All(terms):
            return all(_holds(term, summary, document) for term in sorted(terms, key=_needs_text))
        case Any(terms):
            return any(_holds(term, summary, document) for term in sorted(terms, key=_needs_text))
        case Not(term):
            return not _holds(term, summary, document)
        case Text() | Header():
            return _text_holds(query, summary, document)
        case Is() | Account() | Tag() | Origins() | Size() | Received():
            return _state_holds(query, summary)
        case _:
            return _key_holds(query, summary)


def _text_holds(term: Text | Header, summary: Summary, document: Callable[[], Document]) -> bool:
    match term:
        case Text("subject", text):
            return fold(text) in fold(summary.facts.subject)
        case Text("filename", text):
            names = folded_names(summary.facts)
            return name_like(names, fold(text)) if "*" in text else fold(text) in names
        case Text("body", text):
            return fold(text) in document().body
        case Text("headers", text):
            return fold(text) in document().headers
        case Text(_, text):
            folded, seen = fold(text), document()
            return any(folded in each for each in (seen.subject, seen.addresses, seen.names, seen.body))
        case Header(name, value):
            return header_has(document().headers, fold(name), fold(value))


def _state_holds(term: Is | Account | Tag | Origins | Size | Received, summary: Summary) -> bool:
    match term:
        case Is("broken"):
            return _key_holds(term, summary)
        case Is(state):
            return {"unread": not summary.seen, "read": summary.seen, "pinned": summary.pinned}[state]
        case Account(name):
            return account_name(storable(name)) in summary.accounts
        case Tag(name):
            return storable(name) in summary.tags
        case Origins(origins):
            return summary.origin in origins
        case Size(larger, smaller):
            size = summary.facts.size
            return (larger is None or size > larger) and (smaller is None or size < smaller)
        case Received(after, before):
            at = summary.received_at
            return (after is None or at >= after) and (before is None or at < before)


def _key_holds(term: Query, summary: Summary) -> bool:
    return any(is_among(key, keys_of(key.partition(" ")[0], summary)) for key in asked(term))


def _needs_text(query: Query) -> bool:
    """Whether the document of a message may have to be made; terms that need none are tried first."""
    match query:
        case All(terms) | Any(terms):
            return any(map(_needs_text, terms))
        case Not(term):
            return _needs_text(term)
        case Text(field):
            return field in ("any", "body", "headers")
        case _:
            return isinstance(query, Header)
