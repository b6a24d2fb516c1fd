"""What answers of IMAP say, apart from what is a matter of taste: order, letter case, zones, NIL at an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime

from imap_client import Response
from imap_reader import Value, pairs

Answer = Callable[[Response], object]
"""What to compare of a response."""


def fetched(response: Response) -> Mapping[str, Value]:
    """The items of one message; in which order they come is free (RFC 9051 §7.5.2)."""
    [(_, items)] = response.fetched().items() or [(0, {})]
    return _read(items)


def _read(items: Mapping[str, Value]) -> dict[str, Value]:
    return {name: READERS.get(name, _as_it_is)(value) for name, value in items.items() if name != "MODSEQ"}


def returned(response: Response) -> dict[str, Value]:
    """What an ESEARCH response says."""
    [[_, *values]] = response.of("ESEARCH")
    return pairs([each for each in values if each != "UID"])


def _as_it_is(value: Value) -> Value:
    return value


def _moment(value: Value) -> Value:
    """INTERNALDATE, in whatever zone it is told."""
    return parsedate_to_datetime(value.decode().strip().replace("-", " ", 2)).timestamp()


def _flags(value: Value) -> Value:
    return sorted({each.lower() for each in value} - {"\\recent"})


def structure(value: Value) -> Value:
    """BODY or BODYSTRUCTURE, its case-insensitive words in small letters, and no NIL at an end."""
    if isinstance(value[0], list):
        parts = [structure(each) for each in value[: _count_parts(value)]]
        rest = value[len(parts) :]
        return _trimmed([parts, rest[0].lower(), *_extension(rest[1:])])
    kind, subtype, parameters, identity, description, encoding, size, *rest = value
    basic = [kind.lower(), subtype.lower(), _parameters(parameters), identity, description, encoding.lower(), size]
    if (kind.lower(), subtype.lower()) == (b"message", b"rfc822"):
        envelope, body, lines, *rest = rest
        basic += [envelope, structure(body), lines]
    elif kind.lower() == b"text":
        basic.append(rest.pop(0))
    md5 = [rest.pop(0)] if rest else []
    return _trimmed([*basic, *md5, *_trimmed(_extension([None, *rest])[1:])])


def _count_parts(value: Value) -> int:
    return next(index for index, each in enumerate(value) if not isinstance(each, list))


def _extension(values: list[Value]) -> list[Value]:
    """Parameters, disposition, language, location: as much as is there."""
    readers: list[Callable[[Value], Value]] = [_parameters, _disposition, _language, _as_it_is]
    return [read(value) for read, value in zip(readers, values, strict=False)]


def _parameters(values: Value) -> Value:
    return values and [each.lower() if index % 2 == 0 else each for index, each in enumerate(values)]


def _disposition(value: Value) -> Value:
    return value and [value[0].lower(), _parameters(value[1])]


def _language(value: Value) -> Value:
    return [value] if isinstance(value, bytes) else value


def _trimmed(values: list[Value]) -> list[Value]:
    while values and values[-1] is None:
        values.pop()
    return values


READERS: dict[str, Callable[[Value], Value]] = {
    "INTERNALDATE": _moment,
    "FLAGS": _flags,
    "BODY": structure,
    "BODYSTRUCTURE": structure,
}


def sections(body: Value, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every part of a BODYSTRUCTURE: its number and its media type."""
    if not isinstance(body[0], list):
        yield from _single(body, prefix + "1" if not prefix or prefix.endswith(".") else prefix)
        return
    for index, part in enumerate(body[: _count_parts(body)], 1):
        number = f"{prefix}{index}"
        if isinstance(part[0], list):
            yield number, "multipart"
            yield from sections(part, number + ".")
        else:
            yield from _single(part, number)


def _single(part: Value, number: str) -> Iterator[tuple[str, str]]:
    kind = b"/".join(part[:2]).decode().lower()
    yield number, kind
    if kind == "message/rfc822":
        yield from sections(part[8], number + ".")


def told(response: Response) -> list[object]:
    """All that a response says that another server must say, too: no UIDVALIDITY, no RECENT, no text for people.

    Lists of mailboxes may come in any order, and what SELECT says, too.
    """
    lines = [line for each in response.untagged if (line := _told_untagged(each))]
    if response.of("LIST") or response.of("LSUB") or response.of("FLAGS"):
        lines.sort(key=repr)
    return [response.status, _code(response.tagged[1]), *lines]


def _told_untagged(line: list[Value]) -> list[object]:
    name = str(line[1] if isinstance(line[0], int) else line[0]).upper()
    match name:
        case "OK":
            return _code(line[1])
        case "FETCH":
            return [line[0], name, _read(pairs(line[2]))]
        case "FLAGS":
            return [name, _flags(line[1])]
        case "LIST" | "LSUB":
            attributes = {each.lower() for each in line[1]} - {"\\hasnochildren", "\\haschildren"}
            return [name, sorted(attributes), line[2], _text(line[3]), *line[4:]]
        case "STATUS":
            return [name, _text(line[1]), pairs(line[2])]
        case "RECENT" | "NO":
            return []
        case "BYE":
            return [name]
    return line


def _code(code: list[Value] | None) -> list[object]:
    """A response code, without what is the server's own; what PERMANENTFLAGS says, in any order."""
    match code:
        case None | ["UIDVALIDITY" | "HIGHESTMODSEQ" | "MAILBOXID" | "CAPABILITY", *_]:
            return []
        case ["APPENDUID" | "COPYUID" as name, _, *uids]:
            return [name, *uids]
        case ["PERMANENTFLAGS", flags]:
            return ["PERMANENTFLAGS", _flags(flags)]
    return list(code)


def _text(value: Value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
