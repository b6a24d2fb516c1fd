"""What a test asks of a mail: ``subject="Welcome", to="ann@example.com"``, and whether a mail is that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from typing import Any, TypedDict, cast

from mailtrap.errors import BadQuery
from mailtrap.message.captured import Message
from mailtrap.search.document import document
from mailtrap.search.fold import fold
from mailtrap.search.grammar import parse
from mailtrap.search.match import matches
from mailtrap.search.operators import OPERATORS
from mailtrap.search.tree import All, Header, Query

Value = str | re.Pattern[str] | Callable[[str], object]
"""A text, a pattern that is searched for, or a function that says whether a text will do."""


class Criteria(TypedDict, total=False):
    """What can be asked of a mail; all that is asked must hold.

    A text given for an address is the whole address, or its domain. For anything else it is a part of it,
    letter case, accents and line breaks apart. Where there are several addresses or names, one must hold.
    """

    subject: Value
    from_: Value
    """The header's From."""
    to: Value
    """RCPT TO, To or Cc: a Bcc is seen."""
    cc: Value
    """The header's Cc."""
    mail_from: Value
    """The envelope's MAIL FROM."""
    rcpt: Value
    """The envelope's RCPT TO."""
    text: Value
    """What is read: the text, or that of the HTML."""
    html: Value
    """The HTML source."""
    attachment: Value
    """The name of an attachment; ``*`` stands for anything."""
    header: Mapping[str, Value]
    """Fields of the header by name; an empty text asks that the field is there."""
    q: str
    """A query in the search language."""
    where: Callable[[Message], object]
    """A function of the whole mail."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that is asked of a mail, and how to show what the mail has instead."""

    name: str
    wanted: object
    holds: Callable[[Message], bool]
    found: Callable[[Message], Iterable[str]]
    query: Query | None = None
    """The same in terms of the store, where it has them."""

    def __str__(self) -> str:
        return f"{self.name}={self.shown}"

    @property
    def comparable(self) -> bool:
        """Whether it is about texts that a mail has."""
        return self.name not in ("q", "where")

    @property
    def shown(self) -> str:
        """What is wanted, as one would write it."""
        if isinstance(self.wanted, re.Pattern):
            return f"/{self.wanted.pattern}/"
        if isinstance(self.wanted, str):
            return repr(self.wanted)
        return f"{getattr(self.wanted, '__name__', self.wanted)}()"


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is asked of a mail."""

    criteria: tuple[Criterion, ...]

    @property
    def query(self) -> Query:
        """What of it the store can answer; the rest is for `holds`."""
        return All(tuple(each.query for each in self.criteria if each.query is not None))

    def holds(self, message: Message) -> bool:
        """Whether *message* is wanted."""
        return all(each.holds(message) for each in self.criteria)

    def missed(self, message: Message) -> list[Criterion]:
        """The criteria that do not hold."""
        return [each for each in self.criteria if not each.holds(message)]

    def __str__(self) -> str:
        return " ".join(map(str, self.criteria))


def wanted(criteria: Mapping[str, Any]) -> Wanted:
    """What *criteria* ask for; raises `TypeError` or `ValueError` where that makes no sense."""
    __tracebackhide__ = True
    found: list[Criterion] = []
    for name, value in criteria.items():
        found += _criteria(name, value)
    return Wanted(tuple(found))


@dataclass(frozen=True, slots=True)
class _Field:
    """Where a mail has the texts that a criterion looks at, and the operator of the search language for it."""

    texts: Callable[[Message], Iterable[str]]
    operator: str | None = None


FIELDS = {
    "subject": _Field(lambda mail: (mail.summary.facts.subject,), "subject"),
    "from_": _Field(lambda mail: mail.summary.facts.from_, "from"),
    "to": _Field(lambda mail: dict.fromkeys((*_rcpt(mail), *mail.summary.facts.to, *mail.summary.facts.cc)), "to"),
    "cc": _Field(lambda mail: mail.summary.facts.cc, "cc"),
    "mail_from": _Field(lambda mail: (mail.summary.envelope.mail_from,) if mail.summary.envelope else (), "mailfrom"),
    "rcpt": _Field(lambda mail: _rcpt(mail), "rcpt"),
    "text": _Field(lambda mail: (mail.text,), "body"),
    "html": _Field(lambda mail: (mail.html,)),
    "attachment": _Field(lambda mail: mail.summary.facts.filenames, "filename"),
}
NAMES = (*FIELDS, "header", "q", "where")

MEANT = {
    "sender": "from_= or mail_from=",
    "recipient": "to= or rcpt=",
    "recipients": "to= or rcpt=",
    "bcc": "rcpt=",  # the header has none, as a rule
    "body": "text= or html=",
}
"""Names that others use."""


def _rcpt(mail: Message) -> tuple[str, ...]:
    return mail.summary.envelope.rcpt_to if mail.summary.envelope else ()


def _criteria(name: str, value: Any) -> Iterator[Criterion]:
    __tracebackhide__ = True
    if name in FIELDS:
        yield _of_field(name, value, FIELDS[name])
    elif name == "header":
        yield from (_of_header(field, each) for field, each in _mapping(value).items())
    elif name == "q":
        yield _of_query(value)
    elif name == "where":
        yield _of_mail(value)
    else:
        nearest = MEANT.get(name) or " or ".join(f"{each}=" for each in get_close_matches(name, NAMES, n=1))
        advice = f"did you mean {nearest}?" if nearest else f"there are {'=, '.join(NAMES)}="
        raise TypeError(f"there is no criterion {name}=; {advice}")


def _of_field(name: str, value: Any, field: _Field) -> Criterion:
    if not isinstance(value, str):
        return Criterion(name, value, partial(_any_will_do, _test(name, value), field.texts), field.texts)
    if field.operator is None:
        return Criterion(name, value, partial(_any_will_do, _part(name, value), field.texts), field.texts)
    if field.operator in ADDRESSES and "<" in value.removeprefix("<"):
        raise ValueError(f"{name}={value!r} takes the address alone, without a name")
    try:
        query = OPERATORS[field.operator](value, datetime.now(UTC))
    except ValueError as error:
        raise ValueError(f"{name}={value!r} {error}") from None
    return Criterion(name, value, partial(_matches, query), field.texts, query)


ADDRESSES = ("from", "to", "cc", "rcpt", "mailfrom")


def _of_header(name: str, value: Any) -> Criterion:
    def texts(mail: Message) -> Iterable[str]:
        return mail.headers.all(name)

    label = f"header[{name!r}]"
    if isinstance(value, str):
        query = Header(name, value)
        return Criterion(label, value, partial(_matches, query), texts, query)
    return Criterion(label, value, partial(_any_will_do, _test(label, value), texts), texts)


def _of_query(value: Any) -> Criterion:
    if not isinstance(value, str):
        raise TypeError(f"q= takes a text in the search language, not {value!r}")
    try:
        query = parse(value)
    except BadQuery as error:
        raise ValueError(f"q={value!r}: {error}") from None
    return Criterion("q", value, partial(_matches, query), lambda _: (), query)


def _of_mail(value: Any) -> Criterion:
    if not callable(value):
        raise TypeError(f"where= takes a function of the mail, not {value!r}")
    return Criterion("where", value, lambda mail: bool(value(mail)), lambda _: ())


def _matches(query: Query, mail: Message) -> bool:
    return matches(query, mail.summary, lambda: document(mail.raw, mail.summary))


def _any_will_do(test: Callable[[str], object], texts: Callable[[Message], Iterable[str]], mail: Message) -> bool:
    return any(test(each) for each in texts(mail))


def _part(name: str, value: str) -> Callable[[str], bool]:
    part = fold(value)
    if not part:
        raise ValueError(f"{name}={value!r} takes text")
    return lambda text: part in fold(text)


def _test(name: str, value: Any) -> Callable[[str], object]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        return value.search
    if callable(value):
        return cast("Callable[[str], object]", value)
    raise TypeError(f"{name}= takes a text, a pattern or a function, not {value!r}")


def _mapping(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise TypeError(f'header= takes names and values, as in header={{"X-Job": "4711"}}, not {value!r}')
