"""Octets -> values: the arguments of a command, by the names of RFC 9051 §9 and RFC 3501 §9."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeVar
from unicodedata import normalize

from mailtrap.imap import sets, utf7
from mailtrap.imap.errors import BadSyntax
from mailtrap.imap.sets import SequenceSet
from mailtrap.imap.wire import Command, Literal, Piece
from mailtrap.lines import HTTP

T = TypeVar("T")

_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_ASTRING = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]+')
_LIST_MAILBOX = re.compile(rb'[^\x00-\x20\x7f(){"\\]+')  # wildcards, and 8-bit as some clients send it
TAG = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\+]{1,256}')
_QUOTED = re.compile(rb'"((?:[^"\\\r\n\x00]++|\\["\\])*+)"')
_ESCAPED = re.compile(rb'\\(["\\])')
_NUMBER = re.compile(rb"\d{1,20}")
_SET = re.compile(rb"[0-9:*,$]+")
_FLAG = re.compile(rb'\\?[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_DATE = re.compile(rb'(?P<quote>"?)(?P<day>\d{1,2})-(?P<month>[A-Za-z]{3})-(?P<year>\d{4})(?P=quote)')
_DATE_TIME = re.compile(rb'"([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):([0-5]\d|60) ([+-])(\d\d)([0-5]\d)"')
_MONTHS = {name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}

LARGEST = (1 << 63) - 1

NO_NAME = "\0"
"""A pattern that no mailbox name fits."""


def tag_of(text: bytes) -> bytes:
    """The tag that a line begins with; ``*`` where that is none."""
    tag = text.split(b" ", 1)[0]
    return tag if TAG.fullmatch(tag) else b"*"


def is_http(piece: Piece) -> bool:
    """Whether a command is one of HTTP."""
    if not isinstance(piece, bytes) or b" HTTP/" not in piece:
        return False
    return piece.split(b" ", 1)[0].upper().decode("latin-1") in HTTP


class Reader:
    """Reads a command from left to right, each element by the method that is called as the grammar calls it.

    All of them raise `BadSyntax` where something else stands there.
    """

    def __init__(self, command: Command, *, utf8: bool = False, is_secret: bool = False) -> None:
        self.utf8 = utf8
        """Mailbox names in quotation marks are UTF-8 (RFC 9051 §5.1), not modified UTF-7."""
        self._is_secret = is_secret
        self._pieces = command
        self._piece = 0
        self._at = 0

    # -- what stands there

    def peek(self, count: int = 1) -> bytes:
        """The next octets of text; none at the end, and none where a literal comes."""
        return self._text[self._at : self._at + count]

    def eat(self, expected: bytes) -> bool:
        """Take *expected*, in any letter case, if it is what comes."""
        if self._text[self._at : self._at + len(expected)].upper() != expected.upper():
            return False
        self._at += len(expected)
        return True

    def expect(self, expected: bytes) -> None:
        """Take *expected*."""
        if not self.eat(expected):
            raise self.wrong(f"{expected.decode()!r}")

    @property
    def ended(self) -> bool:
        """Whether nothing comes any more."""
        return self._at == len(self._text) and self._piece == len(self._pieces) - 1

    def end(self) -> None:
        """Nothing comes any more. (White space at the end of a line is forgiven: some clients leave it there.)"""
        rest = self._text[self._at :]
        if rest.strip(b" ") or self._piece < len(self._pieces) - 1:
            raise self.wrong("the end of the command")

    def space(self) -> None:
        """One space."""
        self.expect(b" ")

    def wrong(self, expected: str) -> BadSyntax:
        """The error that *expected* is not what comes."""
        found = self._text[self._at : self._at + 20]
        shown = found.decode("ascii", "backslashreplace") if found else "the end"
        if not found and self._piece < len(self._pieces) - 1:
            shown = "a literal"
        if found and self._is_secret:  # it may be a password, and errors are in transcripts
            shown = "something else"
        return BadSyntax(f"expected {expected}, found {shown}")

    def rest(self) -> bytes:
        """All text up to the end or the next literal."""
        rest, self._at = self._text[self._at :], len(self._text)
        return rest

    # -- elements

    def tag(self) -> str:
        """What the client calls this command."""
        return self._match(TAG, "a tag")[0].decode("ascii")

    def atom(self) -> str:
        """An atom, as it is written."""
        return self._match(_ATOM, "an atom")[0].decode("ascii")

    def keyword(self) -> str:
        """An atom whose letter case does not matter, in upper case."""
        return self.atom().upper()

    def astring(self) -> bytes:
        """An atom (which may hold ``]``) or a string."""
        return self._try(_ASTRING) or self.string()

    def string(self) -> bytes:
        """A quoted string or a literal."""
        found = self._literal()
        if found is not None:
            return bytes(found.octets)
        match = _QUOTED.match(self._text, self._at)
        if match is None:
            raise self.wrong("a string")
        self._at = match.end()
        return _ESCAPED.sub(rb"\1", match[1]) if b"\\" in match[1] else match[1]

    def nstring(self) -> bytes | None:
        """A string, or None for NIL."""
        return None if self.peek() not in (b'"', b"") and self.eat(b"NIL") else self.string()

    def literal(self) -> Literal:
        """A literal, whole: it may be large, and is not copied."""
        found = self._literal()
        if found is None:
            raise self.wrong("a literal")
        return found

    def number(self) -> int:
        """A number (number64 of RFC 9051, which number is a part of)."""
        number = int(self._match(_NUMBER, "a number")[0])
        if number > LARGEST:
            raise BadSyntax("a number is too large")
        return number

    def nz_number(self) -> int:
        """A number that is not zero."""
        number = self.number()
        if number == 0:
            raise BadSyntax("a number must not be zero")
        return number

    def mailbox(self) -> str:
        """A mailbox name; INBOX in any letter case is INBOX (RFC 9051 §5.1)."""
        return self._name(self.astring())

    def list_mailbox(self) -> str:
        """A mailbox name that may have the wildcards ``*`` and ``%``."""
        octets = self._try(_LIST_MAILBOX) or self.string()
        try:
            return self._decoded(octets)
        except BadSyntax:
            return NO_NAME  # RFC 9051 §6.3.9: a pattern that is not accepted is silently ignored

    def sequence_set(self) -> SequenceSet:
        """Message numbers or UIDs, or ``$``."""
        octets = self._match(_SET, "a sequence set")[0]
        try:
            return sets.parse(octets)
        except ValueError as error:
            raise BadSyntax(str(error)) from None

    def flag_list(self) -> list[str]:
        """Flags in parentheses."""
        return self.list_of(self.flag)

    def flag(self) -> str:
        """A system flag or a keyword, as it is written."""
        return self._match(_FLAG, "a flag")[0].decode("ascii")

    def date(self) -> date:
        """A day."""
        match = self._match(_DATE, "a date such as 1-Jan-2026")
        return _valid(lambda: date(int(match["year"]), _month(match["month"]), int(match["day"])))

    def date_time(self) -> datetime:
        """A time, in quotation marks."""
        match = self._match(_DATE_TIME, 'a time such as "01-Jan-2026 12:00:00 +0000"')
        return _valid(lambda: _datetime(match))

    def list_of(self, element: Callable[[], T]) -> list[T]:
        """Elements in parentheses, separated by spaces; there may be none."""
        self.expect(b"(")
        found: list[T] = []
        if self.eat(b")"):
            return found
        while True:
            found.append(element())
            if self.eat(b")"):
                return found
            self.space()

    def one_of(self, known: Callable[[str], T | None], what: str) -> T:
        """What *known* gives for the next keyword."""
        keyword = self.keyword()
        found = known(keyword)
        if found is None:
            raise BadSyntax(f"there is no {what} {keyword}")
        return found

    # -- how

    @property
    def _text(self) -> bytes:
        piece = self._pieces[self._piece]
        return b"" if isinstance(piece, Literal) else piece

    def _literal(self) -> Literal | None:
        """The literal, if one comes: it stands behind all of the text before it."""
        if self._at < len(self._text) or self._piece + 1 >= len(self._pieces):
            return None
        found = self._pieces[self._piece + 1]
        self._piece, self._at = self._piece + 2, 0
        return found if isinstance(found, Literal) else None

    def _try(self, expression: re.Pattern[bytes]) -> bytes | None:
        match = expression.match(self._text, self._at)
        if match is None:
            return None
        self._at = match.end()
        return match[0]

    def _match(self, expression: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        match = expression.match(self._text, self._at)
        if match is None:
            raise self.wrong(what)
        self._at = match.end()
        return match

    def _name(self, octets: bytes) -> str:
        if octets.upper() == b"INBOX":
            return "INBOX"
        name = self._decoded(octets)
        first, slash, rest = name.partition("/")
        return f"INBOX/{rest}" if slash and first.upper() == "INBOX" else name

    def _decoded(self, octets: bytes) -> str:
        try:
            name = octets.decode("utf-8") if self.utf8 or not octets.isascii() else utf7.decode(octets)
            return normalize("NFC", name)  # RFC 9051 §5.1: in every command, so that one name means one mailbox
        except ValueError:
            raise BadSyntax("a mailbox name is neither modified UTF-7 nor UTF-8") from None


def _valid(made: Callable[[], T]) -> T:
    try:
        return made()
    except (ValueError, OverflowError, KeyError):
        raise BadSyntax("there is no such date") from None


def _month(name: bytes) -> int:
    return _MONTHS[name.lower()]


def _datetime(match: re.Match[bytes]) -> datetime:
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    zone = timezone(-offset if sign == b"-" else offset)
    seconds = min(int(second), 59)  # a leap second
    return datetime(int(year), _month(month), int(day), int(hour), int(minute), seconds, tzinfo=zone).astimezone(UTC)
