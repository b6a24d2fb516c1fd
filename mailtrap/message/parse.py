"""Octets -> Part tree with offsets: one pass, linear, bounded depth and parts, never raises, notes defects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from mailtrap.message import headers
from mailtrap.message.defects import Defect, defect
from mailtrap.message.noticing import noticed
from mailtrap.message.transfer import DECODERS

__all__ = ["Defect", "Octets", "Part", "Structure", "parse"]

Octets = bytes | bytearray
"""A message as it came in. Never changed by anybody who is handed it."""

DEPTH = 100
PARTS = 10_000
MESSAGES = frozenset(("message/rfc822", "message/global"))
SLICE = 1 << 16
"""So many octets are searched in one go: other threads run between two."""


@dataclass(slots=True)
class Part:
    """A node of the MIME tree. Offsets are octets into the whole message.

    ``octets[start:body]`` is its header with the empty line, ``octets[body:end]`` its body
    (for a child of a multipart without the line end that belongs to the boundary, RFC 2046 §5.1.1).
    The one child of a message/rfc822 is the message in it: its root.
    """

    path: str
    """The part's number as in IMAP (RFC 9051 §6.4.5): ``1``, ``2.1``; empty for a multipart at the root, and
    ``2.TEXT`` for one at the root of the message that is part 2."""
    start: int
    body: int
    end: int
    type: str = "text/plain"
    """Lower case, e.g. ``multipart/alternative``."""
    parameters: dict[str, str] = field(default_factory=dict)
    encoding: str = "7bit"
    disposition: str = ""
    disposition_parameters: dict[str, str] = field(default_factory=dict)
    content_id: str = ""
    children: list[Part] = field(default_factory=list)

    @property
    def filename(self) -> str:
        """The name it would be saved under, as the sender has it; empty where there is none."""
        return self.disposition_parameters.get("filename") or self.parameters.get("name", "")


class Structure:
    """The parts of a message."""

    def __init__(self, octets: Octets, root: Part, fields: list[tuple[bytes, bytes]], cut: list[Defect]) -> None:
        self.root = root
        self.fields = fields
        """Names and values of the message's header, as `mailtrap.message.headers.FIELD` cuts them."""
        self._octets = octets
        self._cut = cut

    @cached_property
    def defects(self) -> list[Defect]:
        """What is wrong with the message, in the order of the octets: every one of them is looked at."""
        return sorted([*self._cut, *noticed(self._octets, self)], key=lambda each: each.offset)

    def parts(self) -> Iterator[Part]:
        """All parts, each before its children."""
        waiting = [self.root]
        while waiting:
            part = waiting.pop()
            yield part
            waiting += reversed(part.children)

    def part(self, path: str) -> Part:
        """The part with that number; raises `KeyError`."""
        for part in self.parts():
            if part.path == path:
                return part
        raise KeyError(path)


def parse(octets: Octets) -> Structure:
    """The structure of a message. Any octets have one: what is no MIME is one part of plain text."""
    parser = _Parser(octets)
    root = parser.run()
    return Structure(octets, root, parser.fields, parser.cut)


class _Parser:
    """Goes once over the lines that begin with ``--``, with all the boundaries in mind that may come.

    So the depth of the nesting does not multiply the work. A line is compared whole (white space at its end
    apart): RFC 2046's grammar, and one boundary may be the beginning of another.
    """

    def __init__(self, octets: Octets) -> None:
        self.cut: list[Defect] = []
        self.fields: list[tuple[bytes, bytes]] = []
        self._octets = octets
        self._size = len(octets)
        self._count = 0
        self._open: list[Part] = []  # from the root down to the part that is being read
        self._boundaries: list[bytes | None] = []  # that each of those waits for
        self._depths: dict[bytes, list[int]] = {}  # of each boundary: the open parts that wait for it, by depth
        self._lines = _dashed_lines(octets)
        self._line = next(self._lines, None)
        self._empty_crlf = self._empty_lf = -1  # see _behind_empty_line

    def run(self) -> Part:
        root = self._begin(0, "", "text/plain")
        while (line := self._line) is not None:
            self._line = next(self._lines, None)
            at, behind, text = line
            if depths := self._depths.get(text):
                if not self._next_part(depths[-1], at, behind):
                    break
            elif text.endswith(b"--") and (depths := self._depths.get(text[:-2])):
                self._close(depths[-1], at)
        self._end_parts(0, self._size)
        return root

    def _next_part(self, depth: int, at: int, behind: int) -> bool:
        """A delimiter of the open multipart at *depth*: what is open in it ends, and the next part begins."""
        multipart = self._open[depth]
        self._end_parts(depth + 1, at)
        if self._count >= PARTS:
            self.cut.append(defect("too-many-parts", at, multipart.path))
            self._boundaries = [None] * len(self._boundaries)  # not found unclosed: not looked for
            return False
        inherited = "message/rfc822" if multipart.type == "multipart/digest" else "text/plain"  # RFC 2046 §5.1.5
        path = f"{_prefix(multipart.path)}{len(multipart.children) + 1}"
        multipart.children.append(self._begin(behind, path, inherited))
        return True

    def _close(self, depth: int, at: int) -> None:
        """The close-delimiter: an epilogue follows, up to the next delimiter of a multipart around this one."""
        self._end_parts(depth + 1, at)
        if not self._open[depth].children:
            self.cut.append(defect("no-parts", at, self._open[depth].path))
        self._forget(depth)

    def _begin(self, start: int, path: str, inherited: str) -> Part:
        """The part that begins at *start*, its header read; if it holds others, it is open from now on."""
        self._count += 1
        behind = self._behind_header(start)
        part = Part(path, start, behind, self._size, inherited)
        fields = headers.FIELD.findall(self._octets, start, min(behind, start + headers.LIMIT))
        if start == 0:
            self.fields = fields
        self._describe(part, fields)
        self._open.append(part)
        self._boundaries.append(None)
        if part.type.startswith("multipart/"):
            self._await(part)
        else:
            part.path = _leaf_path(path)
            if part.type in MESSAGES and self._may_hold_parts(part):
                part.children.append(self._begin(behind, f"{part.path}.TEXT", "text/plain"))
        return part

    def _describe(self, part: Part, fields: list[tuple[bytes, bytes]]) -> None:
        """What the part's own header says of it; of a field that is there twice, the first."""
        content: dict[bytes, bytes] = {}
        for name, value in fields:
            if name[:1] in b"Cc":
                content.setdefault(name.lower(), value)
        content_type = content.get(b"content-type")
        if content_type is not None:
            kind, part.parameters = headers.parameterised(content_type)
            if _TYPE.fullmatch(kind):
                part.type = kind
            else:
                part.type = "text/plain"  # RFC 2045 §5.2
                if kind != "text":
                    self.cut.append(defect("bad-content-type", part.start, part.path))
        if encoding := content.get(b"content-transfer-encoding"):
            part.encoding = headers.parameterised(encoding)[0] or "7bit"
        if disposition := content.get(b"content-disposition"):
            part.disposition, part.disposition_parameters = headers.parameterised(disposition)
        if content_id := content.get(b"content-id"):
            part.content_id = headers.unfolded(content_id).removeprefix("<").removesuffix(">")

    def _await(self, part: Part) -> None:
        """From now on a line may be the delimiter of this multipart."""
        boundary = self._boundary(part)
        if not boundary:
            self.cut.append(defect("no-boundary", part.start, part.path))
        elif self._may_hold_parts(part):
            self._boundaries[-1] = boundary
            self._depths.setdefault(boundary, []).append(len(self._open) - 1)

    def _boundary(self, part: Part) -> bytes:
        text = part.parameters.get("boundary", "").rstrip()
        octets = text.encode("utf-8")
        if not text.isascii() and self._octets.find(octets, part.start, part.body) < 0:
            octets = text.encode("cp1252", "replace")  # as it was guessed
        return octets

    def _may_hold_parts(self, part: Part) -> bool:
        if part.encoding in DECODERS:
            self.cut.append(defect("encoded-multipart", part.start, part.path))
            if part.type in MESSAGES:
                return False
        if len(self._open) >= DEPTH:
            self.cut.append(defect("too-deep", part.start, part.path))
            return False
        return True

    def _end_parts(self, depth: int, at: int) -> None:
        """The open parts from *depth* on end before the delimiter at *at*, or with the message."""
        end = self._before_line_end(at) if at < self._size else at
        while len(self._open) > depth:
            part = self._open[-1]
            part.end = end = max(end, part.body)  # an empty part: the empty line of its header is not its body's
            if self._boundaries[-1] is not None:
                self.cut.append(defect("unclosed-multipart" if part.children else "no-parts", end, part.path))
                self._forget(len(self._open) - 1)
            if not part.children:
                part.path = _leaf_path(part.path)
            self._open.pop()
            self._boundaries.pop()

    def _forget(self, depth: int) -> None:
        """The multipart at *depth* waits no longer; one around it may wait for the same boundary."""
        boundary = self._boundaries[depth] or b""
        self._boundaries[depth] = None
        self._depths[boundary].pop()
        if not self._depths[boundary]:
            del self._depths[boundary]

    def _before_line_end(self, at: int) -> int:
        """The line end before a delimiter belongs to it (RFC 2046 §5.1.1)."""
        return at - 2 if self._octets[at - 2 : at] == b"\r\n" else at - 1

    def _behind_header(self, start: int) -> int:
        """Where the body begins: behind the first empty line, at the next delimiter, or at once."""
        if not self._begins_with_header(start):
            return start
        behind = self._behind_empty_line(start)
        while self._line is not None and self._line[0] < behind:
            text = self._line[2]
            if text in self._depths or (text.endswith(b"--") and text[:-2] in self._depths):
                return self._line[0]
            self._line = next(self._lines, None)
        return behind

    def _begins_with_header(self, start: int) -> bool:
        octets = self._octets
        if start == 0 and octets.startswith(b"From "):  # as a line of an mbox file begins
            start = octets.find(b"\n") + 1
        return octets[start : start + 1] in (b"\r", b"\n") or headers.FIRST.match(octets, start) is not None

    def _behind_empty_line(self, start: int) -> int:
        """Behind the first empty line from *start* on, or at the end. *start* only ever grows: the places of
        the next ``LF CRLF`` and ``LF LF`` are kept, so that nothing is searched twice."""
        first = self._octets[start : start + 2]
        if first == b"\r\n" or first[:1] == b"\n":
            return start + (2 if first == b"\r\n" else 1)
        if self._empty_crlf < start:
            self._empty_crlf = self._find(b"\n\r\n", start, self._size)
        if self._empty_lf < start:  # up to the other alone: that one is nearly always the next
            self._empty_lf = self._find(b"\n\n", start, self._empty_crlf)
        if self._empty_lf < self._empty_crlf:
            return self._empty_lf + 2
        return min(self._empty_crlf + 3, self._size)

    def _find(self, wanted: bytes, start: int, stop: int) -> int:
        """Where *wanted* is, or *stop*."""
        for at in range(start, stop, SLICE):
            found = self._octets.find(wanted, at, min(at + SLICE + len(wanted) - 1, stop))
            if found >= 0:
                return found
        return stop


_TYPE = re.compile(r"""[^\s()<>@,;:\\"/\[\]?=]++/[^\s()<>@,;:\\"/\[\]?=]++""")


def _prefix(path: str) -> str:
    return path.removesuffix("TEXT") if path.endswith("TEXT") else path and f"{path}."


def _leaf_path(path: str) -> str:
    """Of what holds no parts: a message of one part has a part 1 (RFC 9051 §6.4.5)."""
    return f"{_prefix(path)}1" if not path or path.endswith("TEXT") else path


def _dashed_lines(octets: Octets) -> Iterator[tuple[int, int, bytes]]:
    """Every line that begins with ``--``: where it begins, where the next one does, and what comes behind the two
    hyphens, but for white space at its end. (A first line is none: a header comes before the first delimiter.)"""
    at, size = 0, len(octets)
    while at < size:
        stop = min(at + SLICE, size)
        hyphen = octets.find(b"-", at, stop)  # base64 has none, and is skipped at the speed of memory
        found = octets.find(b"\n--", max(hyphen - 1, 0), stop + 2) if hyphen >= 0 else -1
        if found < 0:
            at = stop
            continue
        end = octets.find(b"\n", found + 3)
        at = end if end >= 0 else size
        yield found + 1, min(at + 1, size), bytes(octets[found + 3 : at]).rstrip()
