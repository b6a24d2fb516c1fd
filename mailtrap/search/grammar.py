"""The query language: words, ``"phrases"``, ``operator:value``, ``-not``, ``OR``, parentheses.

    query        = [alternatives]
    alternatives = terms *("OR" terms)      ; binds weaker than a space, which means AND
    terms        = term *(["AND"] term)
    term         = ("-" / "NOT") term / "(" alternatives ")" / [operator ":"] value
    value        = 1*(any character but white space, parentheses and quotation mark) / quoted
    quoted       = DQUOTE *(any character; \\" and \\\\ for these two) DQUOTE

``OR``, ``AND`` and ``NOT`` are words unless in capitals; operators are known in any letter case. Nothing that
looks like syntax becomes a word in silence: whatever is not understood raises `BadQuery`, which names the character.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from mailtrap.errors import BadQuery
from mailtrap.search.fold import fold
from mailtrap.search.operators import OPERATORS, nearest
from mailtrap.search.tree import All, Any, Not, Query, Text

LENGTH = 4096
"""Characters of a query."""
TERMS = 200
"""Terms of a query."""
DEPTH = 20
"""Parentheses and negations inside one another."""

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r'[^\s()"]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_ENDS_VALUE = re.compile(r"[\s()]")
_OPERATOR = re.compile(r"([A-Za-z][A-Za-z-]*):")


def parse(query: str, *, now: datetime | None = None) -> Query:
    """What *query* means; *now* is what ``newer:`` counts from.

    >>> parse("to:ann@example.com -is:read")
    All(terms=(Addressed(field='to', pattern='ann@example.com'), Not(term=Is(state='read'))))
    """
    if len(query) > LENGTH:
        raise BadQuery(f"a query has at most {LENGTH:,} characters", LENGTH)
    reader = _Reader(query, now or datetime.now(UTC))
    tree = All() if reader.at_end() else reader.alternatives()
    if not reader.at_end():  # what stops a reader before the end can only be this
        raise BadQuery("no parenthesis is open here", reader.at)
    return tree


class _Reader:
    """Reads a query from left to right; `at` is the next character."""

    def __init__(self, query: str, now: datetime) -> None:
        self.query = query
        self.now = now
        self.at = 0
        self.depth = 0
        self.terms = 0

    def alternatives(self) -> Query:
        found = [self.conjunction()]
        while self.keyword("OR"):
            found.append(self.conjunction())
        return found[0] if len(found) == 1 else Any(tuple(found))

    def conjunction(self) -> Query:
        found = [self.term()]
        while self.keyword("AND") or not self.at_break():
            found.append(self.term())
        return found[0] if len(found) == 1 else All(tuple(found))

    def term(self) -> Query:
        start = self.at_next()
        if self.keyword("NOT") or self.minus():
            self.enter(start)
            negated = Not(self.term())
            self.depth -= 1
            return negated
        if self.take("("):
            return self.group(start)
        if self.at_break() or self.sees("AND"):
            raise BadQuery("a word or an operator is missing here", self.at)
        self.terms += 1
        if self.terms > TERMS:
            raise BadQuery(f"a query has at most {TERMS} terms", start)
        return self.simple(start)

    def group(self, start: int) -> Query:
        self.enter(start)
        inside = self.alternatives()
        if not self.take(")"):
            raise BadQuery("this parenthesis is not closed", start)
        self.depth -= 1
        return inside

    def simple(self, start: int) -> Query:
        """A word, a phrase, or an operator with its value."""
        operator = _OPERATOR.match(self.query, start)
        if operator is None:
            return self.word(start)
        if operator[1].lower() in OPERATORS:
            return self.operator(operator)
        return self.word_with_colon(operator)

    def word(self, start: int) -> Query:
        value = self.value()
        if not fold(value):
            raise BadQuery("there is nothing in this to search for", start)
        return Text("any", value)

    def operator(self, operator: re.Match[str]) -> Query:
        self.at = start = operator.end()
        try:
            return OPERATORS[operator[1].lower()](self.operand(operator[0]), self.now)
        except ValueError as error:
            raise BadQuery(f"{operator[0].lower()} {error}", start) from None

    def operand(self, name: str) -> str:
        """The value of an operator; of ``header:X-Job="some text"`` the part behind ``=`` may be quoted."""
        if self.at == len(self.query) or self.query[self.at].isspace() or self.query[self.at] in "()":
            raise BadQuery(f"the value of {name.lower()} is missing", self.at)
        word = _WORD.match(self.query, self.at)
        if word and word[0].endswith("=") and name.lower() == "header:":
            self.at = word.end()
            return word[0] + (self.value() if self.query.startswith('"', self.at) else "")
        return self.value()

    def word_with_colon(self, operator: re.Match[str]) -> Query:
        """``Re:`` and ``http://x`` are words; ``form:ann`` is a mistake, and not searched for."""
        name, start = operator[1], operator.start()
        word = self.value()
        meant = nearest(name, OPERATORS)
        if word.startswith("//", len(name) + 1) or (word == operator[0] and not meant):
            return Text("any", word)
        if "-" in name:
            advice = f'for a field of the header write header:{name}="…"'
        else:
            advice = (f"did you mean {meant}:? " if meant else "") + "text with a colon goes in quotation marks"
        raise BadQuery(f"there is no operator {name}: ({advice})", start)

    def value(self) -> str:
        """A word or a quoted text, which ends where it must."""
        start = self.at
        if self.query.startswith('"', start):
            quoted = _QUOTED.match(self.query, start)
            if quoted is None:
                raise BadQuery("this quotation mark is not closed", start)
            self.at, value = quoted.end(), _ESCAPED.sub(r"\1", quoted[1])
        else:
            word = _WORD.match(self.query, start)
            if word is None:
                raise BadQuery("a value is missing here", start)
            self.at, value = word.end(), word[0]
        if self.at < len(self.query) and not _ENDS_VALUE.match(self.query, self.at):
            raise BadQuery("a quoted text begins and ends beside a space or a parenthesis", self.at)
        return value

    def enter(self, start: int) -> None:
        self.depth += 1
        if self.depth > DEPTH:
            raise BadQuery(f"parentheses and negations go at most {DEPTH} deep", start)

    def at_next(self) -> int:
        """Skip white space."""
        found = _SPACE.match(self.query, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def at_end(self) -> bool:
        return self.at_next() == len(self.query)

    def at_break(self) -> bool:
        """Whether the terms that belong together end here."""
        return self.at_end() or self.query[self.at] == ")" or self.sees("OR")

    def take(self, character: str) -> bool:
        found = self.query.startswith(character, self.at_next())
        self.at += found
        return found

    def minus(self) -> bool:
        """A ``-`` before a term; the next character must belong to it, so that ``a - b`` is noticed."""
        found = self.take("-")
        if found and (self.at == len(self.query) or self.query[self.at].isspace()):
            raise BadQuery("- stands before what is not wanted, without a space", self.at - 1)
        return found

    def sees(self, keyword: str) -> bool:
        word = _WORD.match(self.query, self.at_next())
        return word is not None and word[0] == keyword

    def keyword(self, keyword: str) -> bool:
        found = self.sees(keyword)
        self.at += len(keyword) * found
        return found
