"""A well-formed message out of its fields, for tests and for whoever wants to try something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mailtrap.message import folding

if TYPE_CHECKING:
    from email.message import EmailMessage

Attached = tuple[str, bytes | str] | tuple[str, bytes | str, str]
"""A file name, its content, and its content type (else guessed by the name)."""


def compose(
    *,
    from_: str = "",
    to: str | Iterable[str] = (),
    cc: str | Iterable[str] = (),
    bcc: str | Iterable[str] = (),
    subject: str = "",
    text: str = "",
    html: str = "",
    attachments: Iterable[Attached] = (),
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The octets of a message with these fields; Date and Message-ID are made, unless *headers* has them.

    An address may have a name (``Ann <ann@example.com>``). With *text* and *html*, they are alternatives.
    Raises `ValueError` for a value that cannot be written: one with a line break would add fields of its own.
    """
    from email.message import EmailMessage
    from email.policy import SMTP

    more = dict(headers or {})
    fields = [*_fields(from_, to, cc, bcc, subject, {name.lower() for name in more}), *more.items()]
    header = b"".join([folding.field(_checked_name(name), _checked(name, value)) for name, value in fields])
    attachments = list(attachments)
    # Everything is written in ASCII, but for addresses that cannot be (RFC 6532), and for attached messages, which
    # may have no encoding (RFC 2046 §5.2.1) and are left as they are.
    cte_type = "8bit" if any(map(_is_eight_bit_message, attachments)) else "7bit"
    message = EmailMessage(SMTP.clone(cte_type=cte_type, refold_source="none"))
    if text or not html:
        message.set_content(text)
    if html and text:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html")
    for attached in attachments:
        _attach(message, *attached)
    return header + message.as_bytes()


def _fields(
    from_: str,
    to: str | Iterable[str],
    cc: str | Iterable[str],
    bcc: str | Iterable[str],
    subject: str,
    given: set[str],
) -> Iterator[tuple[str, str]]:
    from email.utils import format_datetime, localtime, make_msgid

    for name, addresses in (("From", from_), ("To", to), ("Cc", cc), ("Bcc", bcc)):
        if value := addresses if isinstance(addresses, str) else ", ".join(addresses):
            yield _not_in(given, name), value
    if subject or "subject" not in given:
        yield _not_in(given, "Subject"), subject
    if "date" not in given:
        yield "Date", format_datetime(localtime())
    if "message-id" not in given:
        yield "Message-ID", make_msgid(domain="mailtrap.test")  # given, or it would look up this machine's name


def _not_in(given: set[str], name: str) -> str:
    if name.lower() in given:
        raise ValueError(f"{name} is given twice")
    return name


def _checked_name(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a field: it takes printable ASCII without spaces and colons")
    if name.lower().startswith(("content-", "mime-version")):
        raise ValueError(f"{name} goes by what the message is made of")
    return name


def _checked(name: str, value: str) -> str:
    """*value*, if it is one line: a line break would begin a field of its own (header injection)."""
    if control := _CONTROL.search(value):
        raise ValueError(f"{name} may not have {control[0]!r} in it: {value!r}")
    return value


def _is_eight_bit_message(attached: Attached) -> bool:
    return attached[2:] == ("message/rfc822",) and not attached[1].isascii()


def _attach(message: EmailMessage, filename: str, content: bytes | str, kind: str = "") -> None:
    from email import message_from_bytes
    from mimetypes import guess_type

    _checked("a file name", filename)
    kind = _checked("a content type", kind) or guess_type(filename)[0] or "application/octet-stream"
    if not _CONTENT_TYPE.fullmatch(kind):
        raise ValueError(f"{kind!r} is no content type for an attachment")
    main, _, sub = kind.partition("/")
    octets = content.encode("utf-8") if isinstance(content, str) else content
    if kind == "message/rfc822":
        message.add_attachment(message_from_bytes(octets, policy=message.policy), filename=filename)
    elif main == "text" and isinstance(content, str):
        message.add_attachment(content, subtype=sub, filename=filename)
    else:
        message.add_attachment(octets, maintype=main, subtype=sub, filename=filename)


_FIELD_NAME = re.compile(r"[!-9;-~]+")
_CONTENT_TYPE = re.compile(r"(?!multipart/)[a-z0-9.+-]+/[a-z0-9.+-]+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
