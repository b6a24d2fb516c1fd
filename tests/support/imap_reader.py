"""IMAP responses as plain values, for tests that compare what servers say.

Atoms are `str`, numbers `int`, NIL `None`, quoted strings and literals `bytes`, parentheses `list`.
It takes what servers send, which is more than the grammar allows.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

Value: TypeAlias = Any
"""str, int, bytes, None, or a list of these."""

STATUS = ("OK", "NO", "BAD", "BYE", "PREAUTH")
LITERAL = re.compile(rb"~?\{(\d+)\+?\}\r\n")
ENDS_WITH_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n\Z")
_SECTION = re.compile(rb'(?:BODY|BINARY(?:\.SIZE)?)\[(?:[^]"]|"(?:[^"\\]|\\.)*")*\](?:<\d+>)?', re.IGNORECASE)
_ATOM = re.compile(rb'[^ ()"\r\n]+')
_ATOM_IN_CODE = re.compile(rb'[^ ()"\]\r\n]+')
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)


class NotImap(Exception):
    """This is no response."""


def response(octets: bytes) -> list[Value]:
    """One response, untagged or tagged, as its values; the tag or ``*`` comes first.

    >>> response(b'* 2 FETCH (FLAGS (\\\\Seen) BODY[TEXT]<0> {2}\\r\\nhi UID 7)\\r\\n')
    ['*', 2, 'FETCH', ['FLAGS', ['\\\\Seen'], 'BODY[TEXT]<0>', b'hi', 'UID', 7]]
    >>> response(b'a1 OK [APPENDUID 38505 3955] done\\r\\n')
    ['a1', 'OK', ['APPENDUID', 38505, 3955], 'done']
    >>> response(b'* OK hello\\r\\n')
    ['*', 'OK', None, 'hello']
    """
    if not octets.endswith(b"\r\n"):
        raise NotImap(octets)
    tag, _, rest = octets[:-2].partition(b" ")
    word, _, text = rest.partition(b" ")
    name = word.decode("latin-1").upper()
    if tag == b"+":
        return ["+", rest.decode("utf-8", "replace")]
    if name in STATUS:
        return [tag.decode(), name, *_code_and_text(text)]
    reader = _Reader(rest)
    return [tag.decode(), *reader.values(b"")]


def pairs(values: list[Value]) -> dict[str, Value]:
    """What FETCH and STATUS give: names, in capitals, and their values.

    >>> pairs(["UID", 1, "Body[header.fields (\\"TO\\")]", b"x"])
    {'UID': 1, 'BODY[HEADER.FIELDS (TO)]': b'x'}
    """
    names = [str(name).upper().replace('"', "") for name in values[::2]]
    return dict(zip(names, values[1::2], strict=True))


def _code_and_text(octets: bytes) -> tuple[list[Value] | None, str]:
    if not octets.startswith(b"["):
        return None, octets.decode("utf-8", "replace")
    reader = _Reader(octets)
    reader.at = 1
    code = reader.values(b"]")
    return code, octets[reader.at :].removeprefix(b" ").decode("utf-8", "replace")


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.at = 0

    def values(self, end: bytes) -> list[Value]:
        """Everything up to *end*: ``)``, ``]`` or nothing, which is the end of all."""
        found: list[Value] = []
        while True:
            while self._eat(b" "):
                pass
            if self.at == len(self.octets) and end:
                raise NotImap(self.octets)
            if self.at == len(self.octets) or (end and self._eat(end)):
                return found
            found.append(self._value(end))

    def _value(self, end: bytes) -> Value:
        if self._eat(b"("):
            return self.values(b")")
        if literal := LITERAL.match(self.octets, self.at):
            self.at = literal.end() + int(literal[1])
            return self.octets[literal.end() : self.at]
        if quoted := _QUOTED.match(self.octets, self.at):
            self.at = quoted.end()
            return re.sub(rb"\\(.)", rb"\1", quoted[1])
        return self._atom(end)

    def _atom(self, end: bytes) -> Value:
        plain = _ATOM_IN_CODE if end == b"]" else _ATOM
        atom = _SECTION.match(self.octets, self.at) or plain.match(self.octets, self.at)
        if atom is None:
            raise NotImap(self.octets[self.at :])
        self.at = atom.end()
        text = atom[0].decode("utf-8", "replace")
        if text.isdecimal():
            return int(text)
        return None if text.upper() == "NIL" else text

    def _eat(self, octet: bytes) -> bool:
        found = self.octets.startswith(octet, self.at)
        self.at += len(octet) * found
        return found
