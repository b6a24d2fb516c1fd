"""The keys of SEARCH, one function each (RFC 9051 §6.4.4, RFC 3501 §6.4.4): what is written -> what it asks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import partial

from mailtrap.imap.criteria import All, Criterion, Entry, Not, Numbered, Recent, Sent, Text, all_of, any_of
from mailtrap.imap.errors import BadSyntax, No, NoMessage
from mailtrap.imap.grammar import Reader
from mailtrap.imap.sets import check_numbers
from mailtrap.message import charset
from mailtrap.search import tree
from mailtrap.search.fold import fold
from mailtrap.store.records import Flag

NESTED = 100
"""So deep may keys be in one another."""

MANY = 1000
"""So many keys may there be: each may look at every message."""

_BEGINS_A_SET = (*b"0123456789*$",)
_FIELD_NAME = re.compile(r"[^\x00-\x20:]+")
_VAGUE = re.compile(
    "unknown|8-?bit$|binary", re.IGNORECASE
)  # no charsets, though whoever reads mail takes them for one
_DAY = 86_400 * 1_000_000
_FIRST_DAY = date(1970, 1, 1).toordinal()


class Keys:
    """Reads keys and what belongs to them, of a mailbox with so many *messages*."""

    def __init__(self, reader: Reader, messages: int) -> None:
        self._reader = reader
        self._messages = messages
        self._charset = ""
        self._depth = 0
        self._count = 0

    def program(self) -> Criterion:
        """What all keys up to the end of the command ask together, in the charset that is named before them."""
        if self._reader.eat(b"CHARSET "):
            self._charset = _known(charset.guessed(self._reader.astring()))
            self._reader.space()
        terms = [self.one()]
        while not self._reader.ended:
            self._reader.space()
            if self._reader.ended:  # forgiven, as everywhere
                break
            terms.append(self.one())
        return all_of(terms)

    def one(self) -> Criterion:
        """A key with its arguments, a sequence set, or keys in parentheses."""
        self._depth += 1
        self._count += 1
        if self._depth > NESTED:
            raise BadSyntax(f"search keys are more than {NESTED} deep in one another")
        if self._count > MANY:
            raise No(f"there are more than {MANY} search keys", "LIMIT")
        found = self._one()
        self._depth -= 1
        return found

    def text(self) -> str:
        """A text in the charset of the command; in none, UTF-8 (RFC 9051 §6.4.4) or a guess."""
        octets = self._reader.astring()
        return charset.decoded(octets, self._charset) if self._charset else charset.guessed(octets)

    def flag(self) -> str:
        """The name of a keyword."""
        return self._reader.atom()

    def number(self) -> int:
        """A number."""
        return self._reader.number()

    def date(self) -> date:
        """A day."""
        return self._reader.date()

    def uids(self) -> Criterion:
        """A set of UIDs."""
        return Numbered(self._reader.sequence_set(), by_uid=True)

    def _one(self) -> Criterion:
        begin = self._reader.peek()
        if begin == b"(":
            return self._parenthesized()
        if begin and begin[0] in _BEGINS_A_SET:
            return self._numbers()
        key, arguments = self._reader.one_of(KEYS.get, "search key")
        return key(*[self._argument(argument) for argument in arguments])

    def _parenthesized(self) -> Criterion:
        terms = self._reader.list_of(self.one)
        if not terms:
            raise BadSyntax("there is no search key in the parentheses")
        return all_of(terms)

    def _numbers(self) -> Criterion:
        wanted = self._reader.sequence_set()
        try:  # now: whether it is looked at later depends on what else is asked
            check_numbers(wanted, self._messages)
        except ValueError as error:
            raise NoMessage(str(error)) from None
        return Numbered(wanted)

    def _argument(self, argument: Argument) -> object:
        self._reader.space()
        return argument(self)


Argument = Callable[[Keys], object]
Key = Callable[..., Criterion]

KEYS: dict[str, tuple[Key, tuple[Argument, ...]]] = {}


def key(name: str, *arguments: Argument) -> Callable[[Key], Key]:
    """Register what the key *name* asks, given its *arguments*."""

    def register(asks: Key) -> Key:
        KEYS[name] = asks, arguments
        return asks

    return register


def _known(name: str) -> str:
    codec = charset.codec(name)
    if codec is None or _VAGUE.search(name):
        raise No(f"there is no charset {name[:40]!a} here", "BADCHARSET (US-ASCII UTF-8)")
    return name


# -- combinations, and all messages


@key("ALL")
def _everything() -> Criterion:
    return All()


@key("NOT", Keys.one)
def _not(term: Criterion) -> Criterion:
    return Not(term)


@key("OR", Keys.one, Keys.one)
def _or(one: Criterion, other: Criterion) -> Criterion:
    return any_of([one, other])


@key("UID", Keys.uids)
def _uid(uids: Criterion) -> Criterion:
    return uids


# -- flags


def _flagged(flag: Flag) -> Criterion:
    bit = int(flag)
    return Entry(lambda entry: entry.flags & bit != 0)


def _unflagged(flag: Flag) -> Criterion:
    bit = int(flag)
    return Entry(lambda entry: entry.flags & bit == 0)


for _name, _flag in Flag.__members__.items():  # SEEN, UNSEEN and so on
    key(_name)(partial(_flagged, _flag))
    key("UN" + _name)(partial(_unflagged, _flag))


@key("KEYWORD", Keys.flag)
def _keyword(name: str) -> Criterion:
    name = name.lower()
    return Entry(lambda entry: bool(entry.keywords) and name in entry.keywords.lower().split())


@key("UNKEYWORD", Keys.flag)
def _unkeyword(name: str) -> Criterion:
    return Not(_keyword(name))


@key("RECENT")  # RFC 3501; RFC 9051 has no recent messages
def _recent() -> Criterion:
    return Recent()


@key("OLD")
def _old() -> Criterion:
    return Not(Recent())


@key("NEW")
def _new() -> Criterion:
    return all_of([Recent(), _unflagged(Flag.SEEN)])


# -- size and dates


@key("LARGER", Keys.number)
def _larger(size: int) -> Criterion:
    return Entry(lambda entry: entry.size > size)


@key("SMALLER", Keys.number)
def _smaller(size: int) -> Criterion:
    return Entry(lambda entry: entry.size < size)


def _day(day: date) -> int:
    """Days since 1970, as an internal date in UTC has them: that is how INTERNALDATE shows it."""
    return day.toordinal() - _FIRST_DAY


@key("BEFORE", Keys.date)
def _before(day: date) -> Criterion:
    days = _day(day)
    return Entry(lambda entry: entry.at // _DAY < days)


@key("ON", Keys.date)
def _on(day: date) -> Criterion:
    days = _day(day)
    return Entry(lambda entry: entry.at // _DAY == days)


@key("SINCE", Keys.date)
def _since(day: date) -> Criterion:
    days = _day(day)
    return Entry(lambda entry: entry.at // _DAY >= days)


@key("SENTBEFORE", Keys.date)
def _sent_before(day: date) -> Criterion:
    return Sent(lambda sent: sent < day)


@key("SENTON", Keys.date)
def _sent_on(day: date) -> Criterion:
    return Sent(lambda sent: sent == day)


@key("SENTSINCE", Keys.date)
def _sent_since(day: date) -> Criterion:
    return Sent(lambda sent: sent >= day)


# -- texts


def _contains(text: str, *queries: tree.Query) -> Criterion:
    """One of *queries* for *text* holds; what is empty is in every text (RFC 9051 §6.4.4)."""
    return any_of(map(Text, queries)) if fold(text) else All()


def _field(name: str, text: str) -> Criterion:
    return _contains(text, tree.Header(name, text))


for _name in ("BCC", "CC", "FROM", "SUBJECT", "TO"):
    key(_name, Keys.text)(partial(_field, _name.lower()))


@key("BODY", Keys.text)
def _body(text: str) -> Criterion:
    return _contains(text, tree.Text("body", text))


@key("TEXT", Keys.text)
def _text(text: str) -> Criterion:
    # Of the headers of MIME parts, which belong to this, the names of files are what one can find.
    names = () if "*" in text else (tree.Text("filename", text),)  # there it would be a wildcard
    return _contains(text, tree.Text("headers", text), tree.Text("body", text), *names)


@key("HEADER", Keys.text, Keys.text)
def _header(name: str, text: str) -> Criterion:
    return Text(tree.Header(name, text)) if _FIELD_NAME.fullmatch(name) else Not(All())
