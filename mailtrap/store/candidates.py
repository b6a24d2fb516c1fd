"""Which messages the text index leads to: those that have the trigrams that a query asks for."""

from __future__ import annotations

from collections.abc import Iterable

from mailtrap.accounts import account_name
from mailtrap.search.document import shifted
from mailtrap.search.fold import fold
from mailtrap.search.keys import asked, code, is_wild
from mailtrap.search.tree import Account, Addressed, All, Any, Header, Not, Query, Text

_TRIGRAMS = 24
"""So many of a term's trigrams are asked for; a longer term by some of its trigrams, evenly chosen."""


def candidates(query: Query, account: str | None) -> str | None:
    """What the index must know of a message filed for *account* for *query* to hold, as FTS5 says it.

    None, if there is nothing that it knows. It may be true of more messages than the query is, never of fewer.
    """
    required = _required(query)
    mine = _trigrams(map(code, asked(Account(account)))) if account else None
    return f"{required} AND {mine}" if required and mine else required


def _required(query: Query) -> str | None:
    match query:
        case All(terms):
            return " AND ".join(filter(None, map(_required, terms))) or None
        case Any(terms):
            expressions = [_required(term) for term in terms]
            return _any(expressions)
        case Text("subject", text):
            return _trigrams([shifted(fold(text))])
        case Text("filename", text):
            return _trigrams(fold(text).split("*"))
        case Text(_, text):
            return _trigrams([fold(text)])
        case Header(name, value):
            return _trigrams([f"\n{fold(name)}: ", fold(value)])
        case Account() | Not():  # an account has an index of its own
            return None
        case Addressed(_, pattern) if "*" in pattern:
            return _trigrams(map(fold, account_name(pattern).split("*")))
        case _:
            return _any([None if is_wild(key) else _trigrams([code(key)]) for key in asked(query)])


def _any(expressions: list[str | None]) -> str | None:
    known = [expression for expression in expressions if expression]
    return f"({' OR '.join(f'({each})' for each in known)})" if known and len(known) == len(expressions) else None


def _trigrams(texts: Iterable[str]) -> str | None:
    """A message that has all *texts* has these trigrams. Quoted, nothing in them is syntax."""
    found: dict[str, None] = {}
    for text in texts:
        step = 1 + len(text) // _TRIGRAMS
        found.update(dict.fromkeys(text[at : at + 3] for at in range(0, len(text) - 2, step)))
    return " AND ".join('"' + trigram.replace('"', '""') + '"' for trigram in found) or None
