"""Addresses of a header (RFC 5322 §3.4), however they are written. One pass, linear."""

from __future__ import annotations

import re
from typing import NamedTuple

from mailtrap.envelope import Address
from mailtrap.message import words
from mailtrap.message.limits import LIMITS

_ATOM = r"""[^\s"(),:;<>@\[\]\\]"""
# What nearly all are: `ann@example.com`, `Ann <ann@example.com>`, `"Ann B" <ann@example.com>`. A name, then, has
# no character that could mean something else, so the two alternatives cannot take the same text twice.
USUAL = re.compile(
    rf"""\s*+(?:(?:"([^"\\]*+)"|([^"(),:;<>@\[\]\\]*+))\s*+<({_ATOM}++@{_ATOM}++)>|({_ATOM}++@{_ATOM}++))\s*+(?:,|$)"""
)
_TOKEN = re.compile(
    rf"""({_ATOM}++)|(\s++)|"((?:[^"\\]++|\\.)*+)"|(\[[^\[\]\\]*+\])|(\\.)|(.)""",
    re.DOTALL,
)
_JOINING = ("@", ".")
_PARENTHESES = re.compile(r"\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++)*+")


class Written(NamedTuple):
    """One address as it stands in a field, with nothing decoded, or where a group of them begins or ends."""

    name: str | None
    """Empty where there is none; of a group that begins, what it is called; None where a group ends."""
    address: str | None
    """Its local part quoted where it was; empty where there is only a name; None where a group begins or ends."""
    route: str = ""


GROUP_END = Written(None, None)


def mailboxes(text: str, limit: int | None = None) -> list[Address]:
    """The addresses in the (unfolded) text of a field, groups' members among them, with their names.

    >>> mailboxes('"Smith, Ann" <ann@example.com>, Team: bob@example.com, carl@example.com;')
    ['ann@example.com', 'bob@example.com', 'carl@example.com']
    """
    limit = LIMITS.addresses if limit is None else limit
    found: list[Address] = []
    at = 0
    while at < len(text) and len(found) < limit:
        match = USUAL.match(text, at)
        if match is None:
            rest = written(text, at, limit - len(found))
            return found + [Address(_plain(each), name=words.shown(name or "")) for name, each, _ in rest if each]
        quoted, name, address, bare = match.groups()
        found.append(Address(bare or address, name=words.shown(quoted or name or "")))
        at = match.end()
    return found


def written(text: str, at: int = 0, limit: int | None = None) -> list[Written]:
    """All that stands in the text of a field from *at* on, groups and mere names among it; of addresses, *limit*.

    >>> [each.name or each.address for each in written("Team: ann@example.com, Bob;")]
    ['Team', 'ann@example.com', 'Bob', None]
    """
    return _Reader(text, at, LIMITS.addresses if limit is None else limit).read()


class _Reader:
    """Reads everything else: comments, groups, routes, missing brackets, quotation marks and commas.

    What a reader of RFC 7103 §7.1 would make of it, without ever going back.
    """

    def __init__(self, text: str, at: int, limit: int) -> None:
        self._text = text
        self._at = at
        self._wanted = limit
        self._found: list[Written] = []
        self._closing: dict[int, int] | None = None
        self._in_group = False
        self._clear()

    def _clear(self) -> None:
        self._words: list[str] = []
        self._comments: list[str] = []
        self._angle: list[str] | None = None
        self._route = ""
        self._inside = False
        self._words_before_angle = 0

    def read(self) -> list[Written]:
        """All from here on."""
        while self._at < len(self._text) and self._wanted > 0:
            match = _TOKEN.match(self._text, self._at)
            assert match is not None  # noqa: S101 - its last alternative is any character
            start, self._at = self._at, match.end()
            atom, space, quoted, literal, escaped, special = match.groups()
            if special is not None:
                self._special(special, start)
            elif quoted is not None:
                local = self._inside or self._text[self._at : self._at + 1] == "@"
                self._word(match[0] if local else unescaped(quoted))
            elif space is None or not self._inside:
                self._word(" " if space else atom or literal or escaped)
        self._end()
        self._end_group()
        return self._found

    def _word(self, word: str) -> None:
        (self._angle if self._inside and self._angle is not None else self._words).append(word)

    def _special(self, character: str, at: int) -> None:
        if character == "(":
            self._comment(at)
        elif character == "<":
            self._open()
        elif character == ">":
            self._inside, self._words_before_angle = False, len(self._words)
        elif character == ";":
            self._end()
            self._end_group()
        elif character == "," and not (self._inside and self._angle and self._angle[0] == "@"):
            self._end()
        elif character == ":":
            self._colon()
        elif character in "@[],":
            self._word(character)

    def _open(self) -> None:
        if self._angle and not self._inside:  # there is no comma after the address before
            words = self._words[self._words_before_angle :]
            del self._words[self._words_before_angle :]
            self._end()
            self._words = words
        self._angle, self._inside = [], True  # RFC 7103 §7.1.2: of several, the innermost

    def _comment(self, at: int) -> None:
        """To its end, nested ones included; a parenthesis that nothing closes is left out (RFC 7103 §7.1.4)."""
        if self._closing is None:
            self._closing = _closing_parentheses(self._text, at)
        end = self._closing.get(at)
        if end is not None:
            self._comments.append(self._text[at + 1 : end])
            self._at = end + 1

    def _colon(self) -> None:
        if self._inside:
            self._route, self._angle = "".join(self._angle or ()), []  # RFC 5322 §4.4
        elif self._angle:
            self._end()
        else:
            self._end_group()  # RFC 5322 §3.4 has no group in a group
            self._found.append(Written(self._phrase(), None))
            self._in_group = True
            self._clear()

    def _end_group(self) -> None:
        if self._in_group:
            self._found.append(GROUP_END)
        self._in_group = False

    def _phrase(self) -> str:
        return " ".join("".join(self._words).split())

    def _end(self) -> None:
        """What was read since the last comma is one address, or a name, or nothing."""
        if self._angle:
            self._add("".join(self._angle), self._phrase())
        elif self._angle is None and self._words:
            self._without_brackets()
        elif self._words:
            self._add("", self._phrase())
        self._clear()

    def _without_brackets(self) -> None:
        pieces = self._pieces()
        addresses = [each for each in pieces if "@" in each]
        if not addresses and len(pieces) == 1 and pieces[0]:
            addresses = pieces  # a name without a domain: `root`
        name = " ".join(each for each in pieces if "@" not in each) if len(addresses) == 1 < len(pieces) else ""
        for address in addresses:
            self._add(address, name)
        if not addresses:
            self._add("", self._phrase())

    def _pieces(self) -> list[str]:
        """The words, those around an `@` or a dot put together (RFC 5322 §4.4 allows spaces there)."""
        pieces: list[list[str]] = []
        apart = True
        for word in self._words:
            if word == " ":
                apart = True
            elif pieces and (not apart or word in _JOINING or pieces[-1][-1] in _JOINING):
                pieces[-1].append(word)
                apart = False
            else:
                pieces.append([word])
                apart = False
        return ["".join(each) for each in pieces]

    def _add(self, address: str, name: str) -> None:
        if (address or name) and self._wanted > 0:
            self._found.append(Written(name or self._comment_text(), address, self._route))
            self._wanted -= bool(address)

    def _comment_text(self) -> str:
        return " ".join(unescaped(each).strip() for each in self._comments)


def _plain(address: str) -> str:
    """An address without quotation marks that it does not need: `"ann"@example.com` is ann@example.com."""
    if address.startswith('"'):
        local, quote, domain = address[1:].rpartition('"@')
        if quote and _PLAIN_LOCAL.fullmatch(local):
            return f"{local}@{domain}"
    return address


def unescaped(text: str) -> str:
    """What stands in a quoted string, or in a comment."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _closing_parentheses(text: str, at: int) -> dict[int, int]:
    """Where each parenthesis from *at* on is closed, if it is."""
    opened: list[int] = []
    closing: dict[int, int] = {}
    for match in _PARENTHESES.finditer(text, at):
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")" and opened:
            closing[opened.pop()] = match.start()
    return closing
