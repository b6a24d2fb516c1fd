"""Octets -> commands: lines, and the literals in them (RFC 9051 §2.2.1, §4.3). Nothing is looked at twice."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE = 1 << 16
"""Octets of a command, its literals left out, where nothing else is said."""

_LITERAL = re.compile(rb"(~?)\{(\d{1,20})(\+?)\}\Z")  # RFC 7888 has the `+`, RFC 9051 §4.3 the `~` of literal8
_UNASKED = re.compile(rb"\{\d{1,20}\+\}\r?\Z")
_ANNOUNCED = 32
"""Octets in which a literal is announced."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal of a command. *binary*: it was announced with ``~`` and may hold NUL."""

    octets: bytes | bytearray
    binary: bool = False


Piece = bytes | Literal
Command = list[Piece]
"""A command: text and literals in turn, the line end left out."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A literal is to come: `Wire.accept` it or `Wire.refuse` it.

    *waits*: the client sends it only when it is told to go on.
    """

    size: int
    waits: bool


class TooLong(Exception):
    """A command came whose text is longer than the limit; it was dropped, and *start* is how it began.

    *goes_on*: a literal follows that the client does not wait to send (RFC 7888): nobody knows where it ends.
    """

    def __init__(self, start: bytes, *, goes_on: bool) -> None:
        super().__init__("a line is too long")
        self.start = start
        self.goes_on = goes_on


class Wire:
    """Takes octets in any pieces and gives commands, one by one."""

    def __init__(self, limit: int = LINE) -> None:
        """*limit*: octets of a command, its literals left out."""
        self._limit = limit
        self._input = bytearray()
        self._at = 0
        """What is in front of it was taken."""
        self._scanned = 0
        self._pieces: Command = []
        self._length = 0
        """Of the text in `_pieces`."""
        self.literals = 0
        """Octets of the literals in it."""
        self._announced: Announced | None = None
        self._binary = False
        self._literal: bytearray | None = None
        self._missing = 0
        self._dropping: bytes | None = None
        self._tail = b""
        """The end of what was dropped."""

    @property
    def wants_more(self) -> bool:
        """Whether a command has begun that is not complete."""
        return bool(self._pieces) or self._at < len(self._input) or self._dropping is not None

    @property
    def pieces(self) -> Command:
        """What there is of the command that has begun: the text before the literal that was announced."""
        return self._pieces

    def feed(self, data: bytes) -> None:
        """*data* came in."""
        if self._literal is not None and self._at == len(self._input):  # large ones are copied once
            taken = data[: self._missing]
            self._literal += taken
            self._missing -= len(taken)
            data = data[len(taken) :]
        self._input += data

    def clear(self) -> None:
        """Forget all input: what came before TLS is not to be trusted."""
        self._input.clear()
        self._at = self._scanned = 0
        self._forget()

    def line(self) -> bytes | None:
        """The next line, whatever is in it: the answer to a continuation request. Raises `TooLong`."""
        end = self._input.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(self._input)
            self._drop_if_too_long()
            return None
        # A bare LF ends a line, too: every server lets it.
        line = bytes(self._input[self._at : end]).removesuffix(b"\r")
        self._take(end + 1)
        if self._dropping is not None or self._length + len(line) > self._limit:
            start = self._start(line) if self._dropping is None else self._dropping
            goes_on = _UNASKED.search(self._tail + line) is not None
            self._forget()
            raise TooLong(start, goes_on=goes_on)
        return line

    def next(self) -> Command | Announced | None:
        """The next command; or that a literal is announced in it; None if more must come. Raises `TooLong`."""
        if self._literal is not None and not self._fill():
            return None
        line = self.line()
        if line is None:
            return None
        matched = _LITERAL.search(line)
        if matched is None:
            command = [*self._pieces, line]
            self._forget()
            return command
        self._pieces.append(line[: matched.start()])
        self._length += len(line)
        self._binary = bool(matched[1])
        self._announced = Announced(int(matched[2]), waits=not matched[3])
        return self._announced

    def accept(self) -> None:
        """Let the announced literal be a part of the command."""
        if self._announced is not None:
            self._literal, self._missing, self._announced = bytearray(), self._announced.size, None

    def refuse(self) -> bool:
        """Forget the command. False if the client sends the literal all the same: then there is no way on."""
        announced, self._announced = self._announced, None
        self._forget()
        return announced is None or announced.waits

    def _fill(self) -> bool:
        assert self._literal is not None  # noqa: S101 - the caller looked
        taken = self._input[self._at : self._at + self._missing]
        self._literal += taken
        self._missing -= len(taken)
        self._take(self._at + len(taken))
        if self._missing:
            return False
        self._pieces.append(Literal(self._literal, self._binary))
        self.literals += len(self._literal)
        self._literal = None
        return True

    def _take(self, up_to: int) -> None:
        self._at = self._scanned = up_to
        if up_to == len(self._input):
            self._input.clear()
            self._at = self._scanned = 0
        elif up_to > LINE:
            del self._input[:up_to]
            self._at = self._scanned = 0

    def _drop_if_too_long(self) -> None:
        if self._dropping is not None or self._length + len(self._input) - self._at > self._limit + 1:  # with a CR
            if self._dropping is None:
                self._dropping = self._start(bytes(self._input[self._at : self._at + 64]))
            self._tail = (self._tail + self._input[self._at :])[-_ANNOUNCED:]
            self._take(len(self._input))

    def _start(self, line: bytes) -> bytes:
        """How the command begins that *line* is a part of: its tag is in there."""
        first = self._pieces[0] if self._pieces else line
        return first[:64] if isinstance(first, bytes) else b""

    def _forget(self) -> None:
        self._pieces, self._length, self.literals, self._literal, self._missing = [], 0, 0, None, 0
        self._announced = self._dropping = None
        self._tail = b""
