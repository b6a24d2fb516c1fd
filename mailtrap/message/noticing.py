"""Looking for what is wrong with a message besides its structure: its lines, its header, its parts' content."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from mailtrap.message import charset, flaws, headers, mailboxes, words
from mailtrap.message.defects import Defect, defect
from mailtrap.message.limits import LIMITS
from mailtrap.message.transfer import DECODERS, IDENTITY

if TYPE_CHECKING:
    from mailtrap.message.headers import Header
    from mailtrap.message.part import Octets, Part


def noticed(octets: Octets, parts: list[Part], header: Header) -> Iterator[Defect]:
    """What is wrong: each code once for the message, for a field that is checked, or for a part."""
    for code, place in (
        ("bare-newline", flaws.bare_newline(octets)),
        ("nul", octets.find(0)),
        ("long-line", flaws.long_line(octets)),
    ):
        if place >= 0:
            yield defect(code, place)
    ascii_only = octets.isascii()
    lines = bytes(octets[: min(parts[0].body, LIMITS.header)])
    yield from _lines(lines, parts[0], header, ascii_only)
    yield from _fields(lines, header)
    for part in parts:
        if not part.children:
            yield from _content(octets, part, ascii_only)


# -- the lines of the header

# The beginning of a line that is neither a field nor goes on with one.
_STRAY = re.compile(rb"^(?![ \t\r\n]|[^\x00-\x20:]++[ \t]*+:)(?=[^\n])", re.MULTILINE)


def _lines(lines: bytes, root: Part, header: Header, ascii_only: bool) -> Iterator[Defect]:
    if not header.names:
        yield defect("no-headers", 0)
    if lines.startswith(b"From "):
        yield defect("mbox-from-line", 0)
    if root.body > LIMITS.header:
        yield defect("long-header", LIMITS.header)
        lines = lines[: lines.rfind(b"\n") + 1]  # the last is cut
    if not ascii_only and (place := _not_utf8(lines)) >= 0:
        yield defect("eight-bit-header", place)
    if (place := _stray_line(lines, len(header.names))) >= 0:
        yield defect("no-colon", place)


def _not_utf8(lines: bytes) -> int:
    try:
        lines.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return -1


def _stray_line(lines: bytes, fields: int) -> int:
    count = lines.count(b"\n") + (not lines.endswith(b"\n")) - lines.endswith((b"\n\r\n", b"\n\n"))
    if count == fields + lines.count(b"\n ") + lines.count(b"\n\t"):
        return -1  # as it nearly always is
    match = _STRAY.search(lines, lines.find(b"\n") + 1 if lines.startswith(b"From ") else 0)
    return match.start() if match else -1


# -- its fields

ONCE = frozenset(
    b"date from sender reply-to to cc bcc message-id in-reply-to references subject mime-version content-type "
    b"content-transfer-encoding content-disposition content-id content-description".split()
)


def _fields(lines: bytes, header: Header) -> Iterator[Defect]:
    if len(header.first) < len(header.names) and (number := _second(header.names)) >= 0:
        yield defect("duplicate-header", _offset(lines, number))
    for name, check in _CHECKS.items():
        if (value := header.first.get(name)) is not None and (code := check(value)):
            yield defect(code, _offset(lines, header.names.index(name)))
    if b"=?" in lines:
        for number, value in enumerate(header.values):
            if b"=?" in value and not _words_are_sound(headers.unfolded(value)):
                yield defect("bad-encoded-word", _offset(lines, number))
                break


def _offset(lines: bytes, number: int) -> int:
    """Where the field with that number begins."""
    return next(islice(headers.FIELD.finditer(lines), number, None)).start()


def _second(names: list[bytes]) -> int:
    """The number of the first field that is there again, and may not be; or -1."""
    seen: set[bytes] = set()
    for number, name in enumerate(names):
        if name in seen:
            return number
        if name in ONCE:
            seen.add(name)
    return -1


def _date(value: bytes) -> str:
    return "bad-date" if headers.date(value) is None else ""


def _addresses(value: bytes) -> str:
    if b"@" not in value:  # a group may be empty, `undisclosed-recipients:;`, but else one is wanted
        return "bad-address" if b":" not in value and not headers.addresses(value) else ""
    if value.count(b"@") > LIMITS.addresses:
        found = mailboxes.mailboxes(headers.unfolded(value), LIMITS.addresses + 1)
        return "too-many-addresses" if len(found) > LIMITS.addresses else ""
    return ""


_CHECKS: dict[bytes, Callable[[bytes], str]] = {
    b"date": _date,
    **dict.fromkeys(b"from sender reply-to to cc".split(), _addresses),
    b"bcc": lambda value: _addresses(value) if value.strip() else "",  # RFC 5322 §3.6.3: it alone may be empty
}


# -- encoded words

_ALMOST_A_WORD = re.compile(r"=\?[^?\s]++\?[A-Za-z]\?")


def _words_are_sound(text: str) -> bool:
    found = words.WORD.findall(text)
    begun = text.count("=?")
    if len(found) != begun and len(found) != len(_ALMOST_A_WORD.findall(text)):
        return False
    return all(map(_is_sound, found))


def _is_sound(word: tuple[str, str, str]) -> bool:
    label, encoding, text = word
    if charset.codec(label.partition("*")[0]) is None:
        return False
    octets = text.encode("utf-8")
    check = flaws.not_quoted_printable if encoding in "qQ" else flaws.not_base64
    return check(octets, 0, len(octets)) < 0


# -- the content of parts


def _content(octets: Octets, part: Part, ascii_only: bool) -> Iterator[Defect]:
    encoding, start, end = part.encoding, part.body, part.end
    if encoding == "base64":
        if (place := flaws.not_base64(octets, start, end)) >= 0:
            yield defect("bad-base64", place, part.path)
    elif encoding == "quoted-printable":
        if (place := flaws.not_quoted_printable(octets, start, end)) >= 0:
            yield defect("bad-quoted-printable", place, part.path)
    elif encoding not in DECODERS and encoding not in IDENTITY:
        yield defect("unknown-encoding", part.start, part.path)
    if not ascii_only and encoding not in ("8bit", "binary") and (place := flaws.not_ascii(octets, start, end)) >= 0:
        yield defect("eight-bit-body", place, part.path)
    if part.type.startswith("text/") and charset.codec(part.parameters.get("charset", "ascii")) is None:
        yield defect("unknown-charset", part.start, part.path)
