"""Addresses of a header (RFC 5322 §3.4), however they are written. One pass, linear."""

from __future__ import annotations

import re

from mailtrap.envelope import Address
from mailtrap.message import words

LIMIT = 10_000
"""So many addresses of one field are taken."""

_ATOM = r"""[^\s"(),:;<>@\[\]\\]"""
# What nearly all are: `ann@example.com`, `Ann <ann@example.com>`, `"Ann B" <ann@example.com>`. A name, then, has
# no character that could mean something else, so the two alternatives cannot take the same text twice.
_USUAL = re.compile(
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


def mailboxes(text: str, limit: int = LIMIT) -> list[Address]:
    """The addresses in the (unfolded) text of a field, groups' members among them, with their names.

    >>> mailboxes('"Smith, Ann" <ann@example.com>, Team: bob@example.com, carl@example.com;')
    ['ann@example.com', 'bob@example.com', 'carl@example.com']
    """
    found: list[Address] = []
    at = 0
    while at < len(text) and len(found) < limit:
        match = _USUAL.match(text, at)
        if match is None:
            return found + _Reader(text, at, limit - len(found)).read()
        quoted, name, address, bare = match.groups()
        found.append(Address(bare or address, name=words.shown(quoted or name or "")))
        at = match.end()
    return found


class _Reader:
    """Reads everything else: comments, groups, routes, missing brackets, quotation marks and commas.

    What a reader of RFC 7103 §7.1 would make of it, without ever going back.
    """

    def __init__(self, text: str, at: int, limit: int) -> None:
        self._text = text
        self._at = at
        self._limit = limit
        self._found: list[Address] = []
        self._closing: dict[int, int] | None = None
        self._clear()

    def _clear(self) -> None:
        self._words: list[str] = []
        self._comments: list[str] = []
        self._angle: list[str] | None = None
        self._inside = False
        self._words_before_angle = 0

    def read(self) -> list[Address]:
        """All addresses from here on."""
        while self._at < len(self._text) and len(self._found) < self._limit:
            match = _TOKEN.match(self._text, self._at)
            assert match is not None  # noqa: S101 - its last alternative is any character
            start, self._at = self._at, match.end()
            atom, space, quoted, literal, escaped, special = match.groups()
            if special is not None:
                self._special(special, start)
            elif quoted is not None:
                local = self._inside or self._text[self._at : self._at + 1] == "@"
                self._word(match[0] if local else _unescaped(quoted))
            elif space is None or not self._inside:
                self._word(" " if space else atom or literal or escaped)
        self._end()
        return self._found[: self._limit]

    def _word(self, word: str) -> None:
        (self._angle if self._inside and self._angle is not None else self._words).append(word)

    def _special(self, character: str, at: int) -> None:
        if character == "(":
            self._comment(at)
        elif character == "<":
            self._open()
        elif character == ">":
            self._inside, self._words_before_angle = False, len(self._words)
        elif (character == "," and not (self._inside and self._angle and self._angle[0] == "@")) or character == ";":
            self._end()
        elif character == ":":
            self._colon()
        elif character in "@[]":
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
            self._angle = []  # the end of a route (RFC 5322 §4.4), which is ignored
        else:
            self._words.clear()  # the name of a group; who is in it is what counts
            self._comments.clear()

    def _end(self) -> None:
        """What was read since the last comma is one address, or none."""
        if self._angle:
            self._add("".join(self._angle), " ".join("".join(self._words).split()))
        elif self._angle is None and self._words:
            self._without_brackets()
        self._clear()

    def _without_brackets(self) -> None:
        pieces = self._pieces()
        addresses = [each for each in pieces if "@" in each]
        if not addresses and len(pieces) == 1 and pieces[0]:
            addresses = pieces  # a name without a domain: `root`
        name = " ".join(each for each in pieces if "@" not in each) if len(addresses) == 1 < len(pieces) else ""
        for address in addresses:
            self._add(address, name)

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
        self._found.append(Address(_plain(address), name=words.shown(name or self._comment_text())))

    def _comment_text(self) -> str:
        return " ".join(_unescaped(each).strip() for each in self._comments)


def _plain(address: str) -> str:
    """An address without quotation marks that it does not need: `"ann"@example.com` is ann@example.com."""
    if address.startswith('"'):
        local, quote, domain = address[1:].rpartition('"@')
        if quote and _PLAIN_LOCAL.fullmatch(local):
            return f"{local}@{domain}"
    return address


def _unescaped(text: str) -> str:
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
