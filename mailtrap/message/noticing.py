"""Looking for what is wrong with a message besides its structure: its lines, its header, its parts' content."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from io import IncrementalNewlineDecoder
from typing import TYPE_CHECKING

from mailtrap.message import charset, headers, mailboxes, words
from mailtrap.message.defects import Defect, defect
from mailtrap.message.transfer import ALPHABET, DECODERS, IDENTITY

if TYPE_CHECKING:
    from mailtrap.message.part import Octets, Part

SLICE = 1 << 20
"""So many octets are looked at in one go: other threads run between two."""

LINE = 998
"""Octets of a line without its line end (RFC 5322 §2.1.1)."""


def noticed(octets: Octets, root: Part, fields: list[tuple[bytes, bytes]], parts: Iterable[Part]) -> Iterator[Defect]:
    """What is wrong: each code once for the message, or once for each part."""
    if _has_bare_newline(octets):
        yield defect("bare-newline", _place(_BARE_NEWLINE, octets))
    if (nul := octets.find(0)) >= 0:
        yield defect("nul", nul)
    if (long := _long_line(octets)) >= 0:
        yield defect("long-line", long)
    ascii_only = octets.isascii()
    header = bytes(octets[: min(root.body, headers.LIMIT)])
    yield from _header(header, root, fields, ascii_only)
    yield from _fields(header, fields)
    for part in parts:
        if not part.children:
            yield from _content(octets, part, ascii_only)


# -- the octets


_BARE_NEWLINE = re.compile(rb"(?<!\r)\n|\r(?!\n)")


def _has_bare_newline(octets: Octets) -> bool:
    """By a decoder that notes which line ends it has seen: a quarter of the time that counting them takes."""
    decoder = IncrementalNewlineDecoder(None, translate=False)
    view = memoryview(octets)
    for start in range(0, len(octets), SLICE):
        decoder.decode(str(view[start : start + SLICE], "latin-1"))
    decoder.decode("", final=True)
    return decoder.newlines not in (None, "\r\n")


def _long_line(octets: Octets) -> int:
    """Where the first line that is too long begins, or -1: goes from a line end to the last that may come next."""
    start, size = 0, len(octets)
    while size - start > LINE:
        end = octets.rfind(b"\n", start, start + LINE + 2)
        if end < 0 and size - start - 2 * octets.endswith(b"\r\n") <= LINE:
            return -1
        if end < 0 or (end - start > LINE and octets[end - 1] != 13):
            return start
        start = end + 1
    return -1


def _place(pattern: re.Pattern[bytes], octets: Octets, start: int = 0) -> int:
    match = pattern.search(octets, start)
    return start if match is None else match.start()


# -- the header

ONCE = frozenset(
    b"date from sender reply-to to cc bcc message-id in-reply-to references subject mime-version content-type "
    b"content-transfer-encoding content-disposition content-id content-description".split()
)
# The beginning of a line that is neither a field nor goes on with one.
_STRAY = re.compile(rb"^(?![ \t\r\n]|[^\x00-\x20:]++[ \t]*+:)(?=[^\n])", re.MULTILINE)
_ALMOST_A_WORD = re.compile(r"=\?[^?\s]++\?[bBqQ]\?")


def _header(header: bytes, root: Part, fields: list[tuple[bytes, bytes]], ascii_only: bool) -> Iterator[Defect]:
    if not fields:
        yield defect("no-headers", 0)
    if header.startswith(b"From "):
        yield defect("mbox-from-line", 0)
    if root.body > headers.LIMIT:
        yield defect("long-header", headers.LIMIT)
    if not ascii_only and (place := _not_utf8(header)) >= 0:
        yield defect("eight-bit-header", place)
    if (place := _stray_line(header, len(fields))) >= 0:
        yield defect("no-colon", place)


def _not_utf8(header: bytes) -> int:
    try:
        header.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start if error.end < headers.LIMIT else -1  # else it is we who cut a character
    return -1


def _stray_line(header: bytes, fields: int) -> int:
    lines = header.count(b"\n") + (not header.endswith(b"\n")) - header.endswith((b"\n\r\n", b"\n\n"))
    if lines == fields + header.count(b"\n ") + header.count(b"\n\t"):
        return -1  # as it nearly always is
    match = _STRAY.search(header, header.find(b"\n") + 1 if header.startswith(b"From ") else 0)
    return match.start() if match else -1


def _fields(header: bytes, fields: list[tuple[bytes, bytes]]) -> Iterator[Defect]:
    seen: set[bytes] = set()
    twice = False
    for name, value in fields:
        lower = name.lower()
        if lower in ONCE:
            twice = twice or lower in seen
            seen.add(lower)
            if (check := _CHECKS.get(lower)) and (code := check(value)):
                yield defect(code, header.find(value))
        if b"=?" in value and not _words_are_sound(headers.unfolded(value)):
            yield defect("bad-encoded-word", header.find(value))
    if twice:
        yield defect("duplicate-header", _second(header))


def _second(header: bytes) -> int:
    seen: set[bytes] = set()
    for match in headers.FIELD.finditer(header):
        name = match[1].lower()
        if name in seen and name in ONCE:
            return match.start()
        seen.add(name)
    return 0


def _date(value: bytes) -> str:
    return "bad-date" if headers.date(value) is None else ""


def _addresses(value: bytes) -> str:
    if b"@" not in value:  # a group may be empty, `undisclosed-recipients:;`, but else one is wanted
        return "bad-address" if b":" not in value and not headers.addresses(value) else ""
    if value.count(b"@") > mailboxes.LIMIT:
        found = mailboxes.mailboxes(headers.unfolded(value), mailboxes.LIMIT + 1)
        return "too-many-addresses" if len(found) > mailboxes.LIMIT else ""
    return ""


_CHECKS: dict[bytes, Callable[[bytes], str]] = {
    b"date": _date,
    **dict.fromkeys(b"from sender reply-to to cc".split(), _addresses),
    b"bcc": lambda value: _addresses(value) if value.strip() else "",  # RFC 5322 §3.6.3: it alone may be empty
}


def _words_are_sound(text: str) -> bool:
    found = words.WORD.findall(text)
    return len(found) == len(_ALMOST_A_WORD.findall(text)) and all(map(_is_sound, found))


def _is_sound(word: tuple[str, str, str]) -> bool:
    label, encoding, text = word
    if charset.codec(label.partition("*")[0]) is None:
        return False
    octets = text.encode("utf-8")
    return _NOT_QUOTED.search(octets) is None if encoding in "qQ" else _not_base64(octets, 0, len(octets)) < 0


# -- the content of parts


def _content(octets: Octets, part: Part, ascii_only: bool) -> Iterator[Defect]:
    encoding, start, end = part.encoding, part.body, part.end
    if encoding == "base64":
        place = _not_base64(octets, start, end)
        if place >= 0:
            yield defect("bad-base64", place, part.path)
    elif encoding == "quoted-printable":
        place = _not_quoted_printable(octets, start, end)
        if place >= 0:
            yield defect("bad-quoted-printable", place, part.path)
    elif encoding not in DECODERS and encoding not in IDENTITY:
        yield defect("unknown-encoding", part.start, part.path)
    if not ascii_only and encoding not in ("8bit", "binary"):
        place = _not_ascii(octets, start, end)
        if place >= 0:
            yield defect("eight-bit-body", place, part.path)
    if part.type.startswith("text/") and charset.codec(part.parameters.get("charset", "ascii")) is None:
        yield defect("unknown-charset", part.start, part.path)


_WHITE = b" \t\r\n"
_NOT_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*+(?:\r?\n|\Z))")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def _not_base64(octets: Octets, start: int, end: int) -> int:
    """Where it is no base64, or -1. What all letters are taken out of is little, and looked at closer."""
    letters = 0
    for at in range(start, end, SLICE):
        piece = octets[at : min(at + SLICE, end)]
        rest = piece.translate(None, ALPHABET)
        if other := rest.translate(None, _WHITE):
            return at + piece.find(other[:1])
        letters += len(piece) - len(rest)
    padding = octets.find(b"=", start, end)
    if padding >= 0 and octets[padding : min(padding + SLICE, end)].strip(b"= \t\r\n"):
        return padding  # it goes on behind its end
    return end if letters % 4 else -1


def _not_quoted_printable(octets: Octets, start: int, end: int) -> int:
    for at in range(start, end, SLICE):
        match = _NOT_QUOTED.search(octets, at, min(at + SLICE + 2, end))  # an escape may lie across the edge
        if match:
            return match.start()
    return -1


def _not_ascii(octets: Octets, start: int, end: int) -> int:
    for at in range(start, end, SLICE):
        if not octets[at : min(at + SLICE, end)].isascii():
            return _place(_NOT_ASCII, octets, at)
    return -1
