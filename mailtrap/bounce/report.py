"""A report: its header, its parts for people and for programs, and the message that it is on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mailtrap.bounce import people
from mailtrap.bounce.lines import date, field
from mailtrap.bounce.status import status
from mailtrap.bounce.values import Report
from mailtrap.message.parse import header_end

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_ENCODINGS = ("7bit", "8bit", "binary")


def report(about: Report) -> bytes:
    """The octets of the report: multipart/report (RFC 6522), its lines ended by CRLF, the original as it came."""
    text, fields = people.text(about), status(about)
    kind = "delivery-status" if fields.isascii() else "global-delivery-status"  # RFC 6533 §4.1
    parts = [
        (f"text/plain; charset={'us-ascii' if text.isascii() else 'utf-8'}", text),
        (f"message/{kind}", fields),
        _original(about),
    ]
    boundary = _boundary(about)
    whole = field("Content-Type", f'multipart/report; report-type={kind}; boundary="{boundary}"')
    pieces = [_head([*_header(about), *whole], *(octets for _, octets in parts))]
    for content_type, octets in parts:
        pieces += (f"--{boundary}\r\n".encode(), _head([f"Content-Type: {content_type}"], octets), octets, b"\r\n")
    return b"".join([*pieces, f"--{boundary}--\r\n".encode()])


def _header(about: Report) -> Iterator[str]:
    # RFC 3464 §2 would have a person's address there, but programs that look for bounces look for this name.
    yield from field("From", f"Mail Delivery System <MAILER-DAEMON@{about.hostname}>")
    yield from field("To", f"<{about.mail_from}>")
    yield from field("Subject", people.subject(about))
    yield from field("Date", date(about.at))
    yield from field("Message-ID", f"<{about.token}@{about.hostname}>")
    if _MESSAGE_ID.fullmatch(about.message_id):  # RFC 3834 §3.1.6
        yield from field("In-Reply-To", about.message_id)
        yield from field("References", about.message_id)
    yield from field("Auto-Submitted", "auto-replied")  # RFC 3834 §5
    if about.id:
        yield from field("X-Mailtrap-Report-On", about.id)
    yield "MIME-Version: 1.0"


def _original(about: Report) -> tuple[str, bytes]:
    """The third part: its type and its octets."""
    end = header_end(about.original)
    header = bytes(about.original[:end])
    is_utf8 = not header.isascii() and _is_utf8(header)
    if about.whole:
        return "message/global" if is_utf8 else "message/rfc822", bytes(about.original)
    # RFC 6522 §4: all up to the empty line, which itself is none of it.
    header = header.removesuffix(b"\r\n") if b"\r\n" in header else header.removesuffix(b"\n")
    return "message/global-headers" if is_utf8 else "text/rfc822-headers", header


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _head(fields: Iterable[str], *contents: bytes) -> bytes:
    """The header of the report or of a part, with the encoding that its contents need, and the empty line."""
    encoding = max(map(_encoding, contents), key=_ENCODINGS.index)  # RFC 2045 §6.4: of a multipart, that of its parts
    more = [] if encoding == "7bit" else [f"Content-Transfer-Encoding: {encoding}"]
    return "".join(f"{line}\r\n" for line in [*fields, *more, ""]).encode()


def _encoding(content: bytes) -> str:
    """What *content* is (RFC 2045 §2.7 to §2.9). It stays as it is: a message has to (RFC 2046 §5.2.1)."""
    lines = content.split(b"\r\n")
    bare = content.count(b"\r") + content.count(b"\n") != 2 * (len(lines) - 1)
    if bare or b"\0" in content or max(map(len, lines)) > 998:
        return "binary"
    return "7bit" if content.isascii() else "8bit"


def _boundary(about: Report) -> str:
    boundary = f"=_{about.token}"
    while boundary.encode() in about.original:
        boundary += "="
    return boundary
