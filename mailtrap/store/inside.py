"""A search tree over one mailbox: what IMAP's SEARCH asks about messages, appended ones among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from sqlite3 import Connection
from typing import NamedTuple

from mailtrap.errors import NotFound
from mailtrap.search.keys import asked
from mailtrap.search.tree import All, Any, Header, Not, Query, Text
from mailtrap.store.candidates import candidates
from mailtrap.store.query import Clauses

_FEW = 100
"""In a mailbox with so few messages each is looked at: the index would first tell of all the others in the store."""

_DEEP = 8
"""So deep are terms in one another in a statement: SQLite cannot read much more than twice that."""


class _Mailbox(NamedTuple):
    id: int
    project: int
    account: str
    messages: int


def search(db: Connection, mailbox: int, query: Query) -> list[int]:
    """The UIDs of the entries that *query* holds for, ascending; raises `NotFound`."""
    found = db.execute(
        """
        SELECT mailbox.id, account.project, account.name, mailbox.messages
        FROM mailbox JOIN account ON account.id = mailbox.account WHERE mailbox.id = ?
        """,
        (mailbox,),
    ).fetchone()
    if found is None:
        raise NotFound(f"there is no mailbox {mailbox}")
    return sorted(_uids(db, _Mailbox(*found), _flat(query)))


def reads_documents(query: Query) -> bool:
    """Whether texts decide: messages that are not yet indexed would not be found."""
    match query:
        case All(terms) | Any(terms):
            return any(map(reads_documents, terms))
        case Not(term):
            return reads_documents(term)
        case _:
            return isinstance(query, Text | Header) or bool(asked(query))


def _uids(db: Connection, mailbox: _Mailbox, query: Query) -> set[int]:
    """The same by one statement; or, if it would be too deep, by several."""
    if _depth(query) <= _DEEP:
        return _selected(db, mailbox, query)
    match query:
        case Not(term):
            return _selected(db, mailbox, All()) - _uids(db, mailbox, term)
        case All(terms):
            return set.intersection(*(_uids(db, mailbox, part) for part in _parts(All, terms)))
        case Any(terms):
            return set.union(*(_uids(db, mailbox, part) for part in _parts(Any, terms)))
    raise TypeError(query)


def _parts(join: type[All | Any], terms: tuple[Query, ...]) -> Iterator[Query]:
    """The deep terms one by one, the others together."""
    shallow = tuple(term for term in terms if _depth(term) < _DEEP)
    if shallow:
        yield join(shallow)
    yield from (term for term in terms if _depth(term) >= _DEEP)


def _selected(db: Connection, mailbox: _Mailbox, query: Query) -> set[int]:
    many = mailbox.messages > _FEW
    expression = candidates(query, mailbox.account) if many else None
    clauses = _IndexedClauses(mailbox.account) if many and not expression else Clauses()
    if expression:
        clauses.add("match", expression)
    clauses.all.append(clauses.of(query))
    source = (_BY_TEXT if expression else _BY_ENTRY) + (_DOCUMENT if clauses.needs_text else "")
    found = db.execute(
        f"SELECT entry.uid FROM {source} WHERE {_THERE} AND {' AND '.join(f'({each})' for each in clauses.all)}",
        {"mailbox": mailbox.id, "project": mailbox.project, "viewer": mailbox.account, **clauses.parameters},
    )
    return {uid for [uid] in found.fetchall()}


class _IndexedClauses(Clauses):
    """Clauses of which each asks the index first, where that knows something: few documents are read."""

    def __init__(self, account: str) -> None:
        super().__init__()
        self._account = account

    def of(self, query: Query) -> str:
        """The clause that holds for exactly those messages that *query* is true of."""
        clause = super().of(query)
        expression = None if isinstance(query, All | Any | Not) else candidates(query, self._account)
        return f"{self.clause('indexed', expression)} AND ({clause})" if expression else clause


def _flat(query: Query) -> Query:
    """The same with as few levels as it can be said with."""
    match query:
        case All(terms):
            return All(tuple(_merged(All, map(_flat, terms))))
        case Any(terms):
            return Any(tuple(_merged(Any, map(_flat, terms))))
        case Not(Not(term)):
            return _flat(term)
        case Not(term):
            return Not(_flat(term))
        case _:
            return query


def _merged(join: type[All | Any], terms: Iterable[Query]) -> Iterator[Query]:
    for term in terms:
        if isinstance(term, All | Any) and isinstance(term, join):
            yield from term.terms
        else:
            yield term


def _depth(query: Query) -> int:
    match query:
        case All(terms) | Any(terms):
            return 1 + max(map(_depth, terms), default=0)
        case Not(term):
            return 1 + _depth(term)
        case _:
            return 0


# CROSS JOIN keeps the left side outside.
_BY_TEXT = """
    fulltext CROSS JOIN entry ON entry.message = fulltext.rowid AND entry.mailbox = :mailbox
    CROSS JOIN message m ON m.number = entry.message
"""
_BY_ENTRY = "entry CROSS JOIN message m ON m.number = entry.message"
_DOCUMENT = " CROSS JOIN document d ON d.message = m.number"
_THERE = """
    entry.mailbox = :mailbox AND entry.removed_at IS NULL
    AND (m.number > (SELECT floor FROM project WHERE id = :project) OR m.pinned)
"""
