"""A search tree as SQL over one mailbox: what IMAP's SEARCH asks about messages, appended ones among them."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection

from mailtrap.errors import NotFound
from mailtrap.search.tree import All, Any, Not, Query
from mailtrap.store.candidates import candidates
from mailtrap.store.query import Clauses, Value

_FEW = 100
"""In a mailbox with so few messages each is looked at: the index would first tell of all the others in the store."""


@dataclass(frozen=True, slots=True)
class Inside:
    """A query over the messages of a mailbox, as SQL."""

    statement: str
    parameters: dict[str, Value]
    needs_text: bool
    """Documents are read: messages not yet indexed are not found. Index them first."""

    def uids(self, db: Connection) -> list[int]:
        """The UIDs of the entries that it holds for, ascending."""
        return sorted([uid for [uid] in db.execute(self.statement, self.parameters).fetchall()])


def compile_inside(db: Connection, mailbox: int, query: Query) -> Inside:
    """*query* over what is in a mailbox; raises `NotFound`."""
    project, account, messages = _mailbox(db, mailbox)
    expression = candidates(query, account) if messages > _FEW else None
    clauses = Clauses() if expression or messages <= _FEW else _IndexedClauses(account)
    if expression:
        clauses.add("match", expression)
    clauses.all.append(clauses.of(query))
    where = " AND ".join(f"({clause})" for clause in clauses.all)
    source = (_BY_TEXT if expression else _BY_ENTRY) + (_DOCUMENT if clauses.needs_text else "")
    return Inside(
        f"SELECT entry.uid FROM {source} WHERE {_THERE} AND {where}",
        {"mailbox": mailbox, "project": project, "viewer": account, **clauses.parameters},
        clauses.needs_text,
    )


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


def _mailbox(db: Connection, mailbox: int) -> tuple[int, str, int]:
    found: tuple[int, str, int] | None = db.execute(
        """
        SELECT account.project, account.name, mailbox.messages
        FROM mailbox JOIN account ON account.id = mailbox.account WHERE mailbox.id = ?
        """,
        (mailbox,),
    ).fetchone()
    if found is None:
        raise NotFound(f"there is no mailbox {mailbox}")
    return found


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
