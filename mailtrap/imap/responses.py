"""Values -> octets (RFC 9051 §7): the form of responses, and of the strings, flags and dates in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from mailtrap.imap import utf7
from mailtrap.store.records import Flag
from mailtrap.transcript import printable

CHUNK = 1 << 16
"""Octets that a handler gives at a time, more or less."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_UNQUOTABLE = re.compile(rb"[\r\n\0\x80-\xff]")
_ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
_LONGEST_QUOTED = 1000

SYSTEM_FLAGS = {
    Flag.ANSWERED: rb"\Answered",
    Flag.FLAGGED: rb"\Flagged",
    Flag.DELETED: rb"\Deleted",
    Flag.SEEN: rb"\Seen",
    Flag.DRAFT: rb"\Draft",
}


@dataclass(frozen=True, slots=True)
class Done:
    """What the tagged OK says, if it says more than that the command was completed."""

    text: str = ""
    code: str = ""


Responses = Generator[bytes, bytes, Done | None]
"""What carries out a command: it yields complete response lines, and `WAIT` where it is sent the client's next line."""


class _Wait(bytes):
    """Tells itself apart from other octets by being the one that it is."""


WAIT = _Wait()


def status(tag: bytes, condition: str, text: str, code: str = "") -> bytes:
    """A status response: RFC 3501 demands text behind a code.

    >>> status(b"*", "OK", "there is none", "UNSEEN 3")
    b'* OK [UNSEEN 3] there is none\\r\\n'
    """
    said = f"{condition} [{code}] {text}" if code else f"{condition} {text}"
    return b"%b %b\r\n" % (tag, _one_line(said))


def untagged(*words: bytes) -> bytes:
    """An untagged response of these words."""
    return b"* %b\r\n" % b" ".join(words)


def parenthesized(words: Iterable[bytes]) -> bytes:
    """A parenthesized list."""
    return b"(%b)" % b" ".join(words)


def string(octets: bytes) -> bytes:
    """A quoted string, or a literal where that cannot hold it.

    >>> string(b'say "hi"'), string(b"two\\r\\nlines")
    (b'"say \\\\"hi\\\\""', b'{10}\\r\\ntwo\\r\\nlines')
    """
    if len(octets) > _LONGEST_QUOTED or _UNQUOTABLE.search(octets):
        return b"{%d}\r\n%b" % (len(octets), octets)
    return b'"%b"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def astring(octets: bytes) -> bytes:
    """An atom where it can be one, else a string."""
    if _ATOM.fullmatch(octets) and octets.upper() != b"NIL":
        return octets
    return string(octets)


def mailbox_name(name: str, *, utf8: bool) -> bytes:
    """A mailbox name: modified UTF-7 (RFC 3501 §5.1.3), or UTF-8 once the client has asked for that."""
    if not utf8:
        return astring(utf7.encode(name))
    octets = name.encode("utf-8")
    if name.isascii():
        return astring(octets)
    return b'"%b"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


@lru_cache(maxsize=1024)
def flag_list(flags: int, keywords: str = "", recent: bool = False) -> bytes:
    r"""The flags of an entry, parenthesized; *keywords* are separated by spaces.

    >>> flag_list(Flag.SEEN | Flag.FLAGGED, "$Forwarded")
    b'(\\Flagged \\Seen $Forwarded)'
    """
    words = [name for flag, name in SYSTEM_FLAGS.items() if flags & flag]
    words += keywords.encode("utf-8").split()
    return parenthesized([*words, rb"\Recent"] if recent else words)


def flags_in_use(keywords: Collection[str]) -> bytes:
    """All flags there are in a mailbox, parenthesized."""
    return parenthesized([*SYSTEM_FLAGS.values(), *(keyword.encode() for keyword in keywords)])


def date_time(microseconds: int) -> bytes:
    """An internal date, in UTC, quoted.

    >>> date_time(0)
    b'" 1-Jan-1970 00:00:00 +0000"'
    """
    at = _EPOCH + timedelta(microseconds=microseconds)
    return b'"%2d-%b-%04d %02d:%02d:%02d +0000"' % (
        at.day,
        _MONTHS[at.month - 1].encode(),
        at.year,
        at.hour,
        at.minute,
        at.second,
    )


def pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The same lines, as many at a time as make a `CHUNK`."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _one_line(text: str) -> bytes:
    """What clients of RFC 3501 take (TEXT-CHAR): ASCII, and nothing invisible."""
    return printable(text).encode("ascii", "backslashreplace")
