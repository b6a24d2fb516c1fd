"""Octets -> Part tree with offsets: one pass, linear, bounded depth and parts, never raises, notes defects."""

from __future__ import annotations

from collections.abc import Iterator

from mailtrap.message import headers
from mailtrap.message.defects import Defect, defect
from mailtrap.message.limits import LIMITS
from mailtrap.message.noticing import noticed
from mailtrap.message.part import Description, Octets, Part, described, described_octets
from mailtrap.message.scan import EmptyLines, dashed_lines
from mailtrap.message.transfer import DECODERS

__all__ = ["Defect", "Octets", "Part", "Structure", "parse"]


class Structure:
    """The parts of a message."""

    def __init__(self, octets: Octets, parts: list[Part], header: headers.Header, cut: list[Defect]) -> None:
        self.root = parts[0]
        self.header = header
        """The message's own header."""
        self._octets = octets
        self._parts = parts
        self._cut = cut
        self._defects: list[Defect] | None = None

    @property
    def defects(self) -> list[Defect]:
        """What is wrong with the message, in the order of the octets: every one of them is looked at, once."""
        if self._defects is None:
            found = [*self._cut, *noticed(self._octets, self._parts, self.header)]
            self._defects = sorted(found, key=lambda each: each.offset)
        return self._defects

    def parts(self) -> Iterator[Part]:
        """All parts, each before its children."""
        return iter(self._parts)

    def part(self, path: str) -> Part:
        """The part with that number; raises `KeyError`."""
        for part in self._parts:
            if part.path == path:
                return part
        raise KeyError(path)


def parse(octets: Octets) -> Structure:
    """The structure of a message. Any octets have one: what is no MIME is one part of plain text."""
    parser = _Parser(octets)
    parser.run()
    return Structure(octets, parser.parts, parser.header, parser.cut)


def header_end(octets: Octets, start: int = 0) -> int:
    """Where the header that begins at *start* ends: behind its empty line, with the octets, or at once."""
    return EmptyLines(octets).behind_next(start) if _begins_with_header(octets, start) else start


class _Parser:
    """Goes once over the lines that begin with ``--``, with all the boundaries in mind that may come.

    So the depth of the nesting does not multiply the work. A line is compared whole (white space at its end
    apart): RFC 2046's grammar, and one boundary may be the beginning of another.
    """

    def __init__(self, octets: Octets) -> None:
        self.parts: list[Part] = []  # each before its children
        self.cut: list[Defect] = []
        self._octets = octets
        self._size = len(octets)
        self._open: list[Part] = []  # from the root down to the part that is being read
        self._boundaries: list[bytes | None] = []  # that each of those waits for
        self._depths: dict[bytes, list[int]] = {}  # of each boundary: the open parts that wait for it, by depth
        self._empty_lines = EmptyLines(octets)
        self._lines = dashed_lines(octets)
        self._line = next(self._lines, None)

    def run(self) -> None:
        behind = self._behind_header(0)
        self.header = headers.Header(self._octets, 0, behind)
        self._begin(0, behind, "", described(self.header.first, "text/plain"))
        while (line := self._line) is not None:
            self._line = next(self._lines, None)
            at, behind, text = line
            if depths := self._depths.get(text):
                if not self._next_part(depths[-1], at, behind):
                    break
            elif text.endswith(b"--") and (depths := self._depths.get(text[:-2])):
                self._close(depths[-1], at)
        self._end_parts(0, self._size)

    def _next_part(self, depth: int, at: int, behind: int) -> bool:
        """A delimiter of the open multipart at *depth*: what is open in it ends, and the next part begins."""
        multipart = self._open[depth]
        self._end_parts(depth + 1, at)
        if len(self.parts) >= LIMITS.parts:
            self.cut.append(defect("too-many-parts", at, multipart.path))
            self._boundaries = [None] * len(self._boundaries)  # not found unclosed: not looked for
            return False
        inherited = "message/rfc822" if multipart.type == "multipart/digest" else "text/plain"  # RFC 2046 §5.1.5
        path = f"{_prefix(multipart.path)}{len(multipart.children) + 1}"
        multipart.children.append(self._begin_inner(behind, path, inherited))
        return True

    def _close(self, depth: int, at: int) -> None:
        """The close-delimiter: an epilogue follows, up to the next delimiter of a multipart around this one."""
        self._end_parts(depth + 1, at)
        if not self._open[depth].children:
            self.cut.append(defect("no-parts", at, self._open[depth].path))
        self._forget(depth)

    def _begin_inner(self, start: int, path: str, inherited: str) -> Part:
        """The part of a part that begins at *start*."""
        behind = self._behind_header(start)
        header = bytes(self._octets[start : min(behind, start + LIMITS.header)])
        return self._begin(start, behind, path, described_octets(header, inherited))

    def _begin(self, start: int, behind: int, path: str, description: Description) -> Part:
        """The part whose header has been read; if it holds others, it is open from now on."""
        part = Part(path, start, behind, self._size, *description[:-1])
        self.parts.append(part)
        if not description.is_typed:
            self.cut.append(defect("bad-content-type", start, path))
        self._open.append(part)
        self._boundaries.append(None)
        if part.is_multipart:
            self._await(part)
        else:
            part.path = _leaf_path(path)
            if part.is_message and self._may_hold_parts(part):
                part.children.append(self._begin_inner(behind, f"{part.path}.TEXT", "text/plain"))
        return part

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
            if part.is_message:
                return False
        if len(self._open) >= LIMITS.depth:
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
        if not _begins_with_header(self._octets, start):
            return start
        behind = self._empty_lines.behind_next(start)
        while self._line is not None and self._line[0] < behind:
            text = self._line[2]
            if text in self._depths or (text.endswith(b"--") and text[:-2] in self._depths):
                return self._line[0]
            self._line = next(self._lines, None)
        return behind


def _begins_with_header(octets: Octets, start: int) -> bool:
    if start == 0 and octets.startswith(b"From "):  # as a line of an mbox file begins
        start = octets.find(b"\n") + 1
    return octets.startswith((b"\n", b"\r\n"), start) or headers.FIRST.match(octets, start) is not None


def _prefix(path: str) -> str:
    return path.removesuffix("TEXT") if path.endswith("TEXT") else path and f"{path}."


def _leaf_path(path: str) -> str:
    """Of what holds no parts: a message of one part has a part 1 (RFC 9051 §6.4.5)."""
    return f"{_prefix(path)}1" if not path or path.endswith("TEXT") else path
