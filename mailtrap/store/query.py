"""A search tree as SQL. What the index finds, the document confirms, so SQL says what `matches` says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from sqlite3 import Connection

from mailtrap.accounts import CATCHALL, account_name
from mailtrap.search.document import header_has, name_like
from mailtrap.search.fold import fold, storable
from mailtrap.search.keys import asked, is_among, is_wild
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
from mailtrap.store.candidates import candidates

Value = str | int

SEEN = """EXISTS (
    SELECT 1 FROM entry JOIN mailbox ON mailbox.id = entry.mailbox
    WHERE entry.message = m.number AND entry.flags & 1
    AND mailbox.account = (SELECT id FROM account WHERE project = :project AND name = :viewer)
)"""
"""Whether the message ``m`` was seen by the account ``:viewer``: what the summary's ``seen`` says, too."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query as SQL: what to read, what must hold, and the values of the parameters.

    The message is ``m``. Page by `number`, which is the message's row number in the order of the source.
    """

    source: str
    number: str
    where: str
    parameters: dict[str, Value]
    needs_text: bool
    """Documents are read: messages not yet indexed are not found. Index them first, or ask `matches`."""

    def page(self, columns: str) -> str:
        """The newest messages below row number ``:before``, at most ``:limit``."""
        return _PAGE.format(columns=columns, source=self.source, where=self.where, number=self.number)

    def count(self) -> str:
        """How many there are, counted up to ``:limit``."""
        return _COUNT.format(source=self.source, where=self.where)


_PAGE = """
    SELECT {columns} FROM {source} WHERE {where} AND {number} < :before ORDER BY {number} DESC LIMIT :limit
"""
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM {source} WHERE {where} LIMIT :limit)"

# In the order of preference. CROSS JOIN keeps the left side outside: its order is the order of the pages.
_BY_TEXT = "fulltext CROSS JOIN message m ON m.number = fulltext.rowid"
_BY_ACCOUNT = "filed CROSS JOIN message m ON m.number = filed.message"
_BY_PROJECT = "message m"
_WITH_DOCUMENT = "{source} CROSS JOIN document d ON d.message = m.number"

# Pinned messages stay when a floor is put above them. Below the first row of the project, and below the floor
# and the first that is pinned, there is nothing to look for: an index of all projects need not be read there.
_VISIBLE = """
    m.project = :project AND (m.number > :floor OR m.pinned) AND {number} > :after AND {number} >= min(
        coalesce((SELECT min(number) FROM message WHERE project = :project AND number > :floor), 1 << 62),
        coalesce((SELECT min(number) FROM message WHERE project = :project AND pinned), 1 << 62)
    )
"""

_TOGETHER = 100
"""So many clauses are joined at a time."""

# {0} is a parameter's name.
_CLAUSES = {
    "all": "1",
    "none": "0",
    "match": "fulltext MATCH {0}",
    "indexed": "m.number IN (SELECT rowid FROM fulltext WHERE fulltext MATCH {0})",
    "filed": "filed.account = (SELECT id FROM account WHERE project = :project AND name = {0})",
    "account": """EXISTS (
        SELECT 1 FROM filed WHERE message = m.number
        AND account = (SELECT id FROM account WHERE project = :project AND name = {0})
    )""",
    "not appended": "m.origin <> 'append'",
    "read": SEEN,
    "unread": "NOT " + SEEN,
    "pinned": "(m.pinned AND m.pinned > 0)",  # the first is what its index has
    "larger": "m.size > {0}",
    "smaller": "m.size < {0}",
    "after": "m.received_at >= {0}",
    "before": "m.received_at < {0}",
    "tag": "EXISTS (SELECT 1 FROM tag WHERE name = {0} AND message = m.number)",
    "origins": "m.origin IN (SELECT value FROM json_each({0}))",
}
_DOCUMENT_CLAUSES = {
    "any": "(instr(d.subject, {0}) OR instr(d.addresses, {0}) OR instr(d.names, {0}) OR instr(d.body, {0}))",
    "subject": "instr(d.subject, {0}) > 0",
    "body": "instr(d.body, {0}) > 0",
    "headers": "instr(d.headers, {0}) > 0",
    "filename": "instr(d.names, {0}) > 0",
    "filename like": "name_like(d.names, {0})",
    "header": "header_has(d.headers, {0}, {1})",
    "key": "instr(d.keys, {0}) > 0",
    "key like": "key_like(d.keys, {0})",
}


def compile(query: Query, *, project: int, account: str | None = None, floor: int = 0, after: int = 0) -> Compiled:  # noqa: A001
    """*query* over the messages of *project* that are visible above its *floor*, and behind the row number *after*.

    With *account*, over what was filed for it, and as it has read it; without, over everything but appends.
    """
    clauses = Clauses()
    viewer = account_name(storable(account)) if account is not None else None
    filed = viewer or _account_of(query)
    expression = candidates(query, filed)
    if expression:
        source, number = _BY_TEXT, "fulltext.rowid"
        clauses.add("match", expression)
    elif filed:
        source, number = _BY_ACCOUNT, "filed.message"
        clauses.add("filed", filed)
    else:
        source, number = _BY_PROJECT, "m.number"
    if viewer is None:
        clauses.add("not appended")
    elif expression:
        clauses.add("account", viewer)
    clauses.all.append(clauses.of(query))
    if clauses.needs_text:
        source = _WITH_DOCUMENT.format(source=source)
    clauses.all.insert(0, _VISIBLE.format(number=number))
    parameters = {
        "project": project,
        "floor": floor,
        "after": after,
        "viewer": viewer or CATCHALL,
        **clauses.parameters,
    }
    where = " AND ".join(f"({clause})" for clause in clauses.all)
    return Compiled(source, number, where, parameters, clauses.needs_text)


def register(connection: Connection) -> None:
    """Give *connection* the functions that compiled queries call."""
    connection.create_function("header_has", 3, header_has, deterministic=True)
    connection.create_function("name_like", 2, name_like, deterministic=True)
    connection.create_function("key_like", 2, _key_like, deterministic=True)


class Clauses:
    """Clauses, and the parameters that they take."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self.parameters: dict[str, Value] = {}
        self.needs_text = False

    def add(self, name: str, *values: Value) -> None:
        """One more that must hold."""
        self.all.append(self.clause(name, *values))

    def clause(self, name: str, *values: Value) -> str:
        """The clause called *name*, about these values."""
        template = _CLAUSES.get(name) or _DOCUMENT_CLAUSES[name]
        self.needs_text |= name in ("match", "indexed") or name in _DOCUMENT_CLAUSES
        return template.format(*map(self._parameter, values))

    def _parameter(self, value: Value) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return ":" + name

    def of(self, query: Query) -> str:
        """The clause that holds for exactly those messages that *query* is true of."""
        match query:
            case All(terms):
                return _joined(" AND ", [self.of(term) for term in terms]) or _CLAUSES["all"]
            case Any(terms):
                return _joined(" OR ", [self.of(term) for term in terms]) or _CLAUSES["none"]
            case Not(term):
                return f"NOT ({self.of(term)})"
            case Text("filename", text) if "*" in text:
                return self.clause("filename like", fold(text))
            case Text(field, text):
                return self.clause(field, fold(text))
            case Header(name, value):
                return self.clause("header", fold(name), fold(value))
            case Account(name):
                return self.clause("account", account_name(storable(name)))
            case _:
                return self._of_keys(asked(query)) or self._of_message(query)

    def _of_message(self, query: Query) -> str:
        match query:
            case Is(state):
                return self.clause(state)
            case Tag(name):
                return self.clause("tag", storable(name))
            case Origins(origins):
                return self.clause("origins", json.dumps(origins))
            case Size(larger, smaller):
                return self._range({"larger": larger, "smaller": smaller})
            case Received(after, before):
                return self._range({"after": _microseconds(after), "before": _microseconds(before)})
        raise TypeError(query)

    def _range(self, limits: dict[str, int | None]) -> str:
        clauses = [self.clause(name, limit) for name, limit in limits.items() if limit is not None]
        return " AND ".join(clauses) or _CLAUSES["all"]

    def _of_keys(self, keys: tuple[str, ...]) -> str:
        return " OR ".join(
            self.clause("key like", key) if is_wild(key) else self.clause("key", f"\n{key}\n") for key in keys
        )


def _joined(word: str, clauses: list[str]) -> str:
    """Clauses with a *word* between them; many are joined by and by, or they would be a tree too deep for SQLite."""
    while len(clauses) > _TOGETHER:
        groups = [clauses[start : start + _TOGETHER] for start in range(0, len(clauses), _TOGETHER)]
        clauses = [_joined(word, group) for group in groups]
    return word.join(f"({clause})" for clause in clauses)


def _account_of(query: Query) -> str | None:
    """The account that *query* as a whole asks for."""
    match query:
        case Account(name):
            return account_name(storable(name))
        case All(terms):
            return next(filter(None, map(_account_of, terms)), None)
        case _:
            return None


def _key_like(keys: str, key: str) -> bool:
    return is_among(key, keys.split("\n"))


def _microseconds(when: datetime | None) -> int | None:
    return None if when is None else (when - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
