"""What a SEARCH asks, and which messages it is true of: sets of UIDs, the cheapest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from mailtrap.imap.selected import Selected
from mailtrap.imap.sets import SequenceSet
from mailtrap.search import tree
from mailtrap.store import Store
from mailtrap.store.records import Fetched

PAGE = 200

TOGETHER = 32
"""So many texts are looked for in one query at most: a database has limits of its own."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """Its UID or message number is in a set."""

    wanted: SequenceSet
    by_uid: bool = False


@dataclass(frozen=True, slots=True)
class Recent:
    r"""It is ``\Recent`` in this session."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something holds for its flags, its internal date or its size."""

    holds: Callable[[Fetched], bool]


@dataclass(frozen=True, slots=True)
class Sent:
    """Something holds for the day of its Date field; nothing does where there is none."""

    holds: Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Text:
    """Its text is what a query asks for, of so many texts."""

    query: tree.Query
    texts: int = 1


@dataclass(frozen=True, slots=True)
class Not:
    """*term* does not hold."""

    term: Criterion


@dataclass(frozen=True, slots=True)
class All:
    """Every one of *terms* holds."""

    terms: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of *terms* holds."""

    terms: tuple[Criterion, ...] = ()


Criterion = Numbered | Recent | Entry | Sent | Text | Not | All | Any


def all_of(terms: Iterable[Criterion]) -> Criterion:
    """Every one of *terms* holds; texts are looked for together."""
    joined = tuple(_joined(terms, tree.All))
    return joined[0] if len(joined) == 1 else All(joined)


def any_of(terms: Iterable[Criterion]) -> Criterion:
    """At least one of *terms* holds; texts are looked for together."""
    joined = tuple(_joined(terms, tree.Any))
    return joined[0] if len(joined) == 1 else Any(joined)


def found(asked: Criterion, store: Store, selected: Selected) -> set[int]:
    """The UIDs of the messages that the client knows of and *asked* holds for."""
    return _Search(store, selected).among(set(selected.uids), asked)


def _joined(terms: Iterable[Criterion], join: Callable[[tuple[tree.Query, ...]], tree.Query]) -> Iterator[Criterion]:
    queries: list[tree.Query] = []
    texts = 0
    for term in terms:
        if not isinstance(term, Text):
            yield term
            continue
        if queries and texts + term.texts > TOGETHER:
            yield Text(join(tuple(queries)), texts)
            queries, texts = [], 0
        queries.append(term.query)
        texts += term.texts
    if queries:
        yield Text(join(tuple(queries)), texts) if len(queries) > 1 else Text(queries[0], texts)


def _cost(asked: Criterion) -> int:
    match asked:
        case Not(term):
            return _cost(term)
        case All(terms) | Any(terms):
            return max(map(_cost, terms), default=0)
        case _:
            return _COSTS[type(asked)]


_COSTS: dict[type[Criterion], int] = {Numbered: 0, Recent: 0, Entry: 1, Sent: 2, Text: 3}


class _Search:
    """One search: what it read of the mailbox it reads once, and only of those messages that are still in question."""

    def __init__(self, store: Store, selected: Selected) -> None:
        self._store = store
        self._selected = selected
        self._entries: dict[int, Fetched | None] = {}
        self._sent: dict[int, date | None] = {}

    def among(self, uids: set[int], asked: Criterion) -> set[int]:
        """Those of *uids* that *asked* holds for."""
        if not uids:  # no text need be looked at
            return uids
        match asked:
            case All(terms):
                for term in sorted(terms, key=_cost):
                    uids = self.among(uids, term)
                return uids
            case Any(terms):
                left = uids
                for term in sorted(terms, key=_cost):
                    left = left - self.among(left, term)
                return uids - left
            case Not(term):
                return uids - self.among(uids, term)
            case _:
                return self._leaf(uids, asked)

    def _leaf(self, uids: set[int], asked: Numbered | Recent | Entry | Sent | Text) -> set[int]:
        match asked:
            case Numbered(wanted, by_uid):
                return uids.intersection(self._selected.resolve(wanted, by_uid=by_uid))
            case Recent():
                return uids & self._selected.recent
            case Entry(holds):
                self._read_entries(uids)
                entries = self._entries
                return {uid for uid in uids if (entry := entries[uid]) and holds(entry)}
            case Sent(on):
                self._read_sent(uids)
                sent = self._sent
                return {uid for uid in uids if (day := sent[uid]) and on(day)}
            case Text(query):
                return uids.intersection(self._store.search(self._selected.mailbox, query))

    def _read_entries(self, uids: set[int]) -> None:
        for page in _pages(uids - self._entries.keys()):
            self._entries.update(dict.fromkeys(page))  # of a message that is gone there is nothing
            self._entries.update((row.uid, row) for row in self._store.fetch(self._selected.mailbox, page))

    def _read_sent(self, uids: set[int]) -> None:
        for page in _pages(uids - self._sent.keys()):
            self._sent.update(dict.fromkeys(page))
            self._sent.update(self._store.sent_dates(self._selected.mailbox, page))


def _pages(uids: set[int]) -> Iterator[list[int]]:
    ascending = sorted(uids)
    for start in range(0, len(ascending), PAGE):
        yield ascending[start : start + PAGE]
