"""Which parts of a message are attachments, and which of those belong to the HTML."""

from __future__ import annotations

from hashlib import sha256

import pytest

from mailtrap.message.attached import Attachment, attachments
from mailtrap.message.parse import parse


def multipart(kind: bytes, *parts: bytes) -> bytes:
    lines = b"".join(b"--b\r\n%b\r\n" % part for part in parts)
    return b"Content-Type: multipart/%b; boundary=b\r\n\r\n%b--b--" % (kind, lines)


def found(octets: bytes) -> list[tuple[str, bool]]:
    return [(part.path, inline) for part, inline in attachments(parse(octets).root)]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\ntext",
        b"Content-Type: text/plain; name=a.txt\r\n\r\n",
        b"Content-Type: text/html\r\nContent-Disposition: inline; filename=a.html\r\n\r\n",
        b"Content-Type: multipart/mixed\r\nContent-Disposition: attachment; filename=a\r\n\r\n",
        multipart(b"mixed", b"\r\ntext", b"Content-Type: text/html\r\n\r\n"),
        multipart(b"alternative", b"\r\n", b"Content-Type: text/calendar; name=a.ics\r\n\r\n"),
    ],
)
def test_what_is_read_is_no_attachment(octets: bytes) -> None:
    assert found(octets) == []


@pytest.mark.parametrize(
    "part",
    [
        b"Content-Type: application/pdf\r\n\r\n",
        b"Content-Type: image/png\r\n\r\n",
        b"Content-Type: message/rfc822\r\n\r\nSubject: a\r\n\r\n",
        b"Content-Type: message/delivery-status\r\n\r\n",
        b"Content-Type: text/plain; name=a.txt\r\n\r\n",
        b"Content-Disposition: inline; filename=a.txt\r\n\r\n",
        b"Content-Disposition: attachment\r\n\r\n",
        b"Content-Disposition: x-unknown\r\n\r\n",
        b"Content-Type: text/html\r\nContent-Disposition: ATTACHMENT\r\n\r\n",
        b"Content-Type: image/png\r\nContent-ID: <a>\r\n\r\n",
    ],
)
def test_what_is_to_be_saved_is_one(part: bytes) -> None:
    assert found(multipart(b"mixed", b"\r\ntext", part)) == [("2", False)]


def test_what_is_attached_to_an_attached_message_is_part_of_that() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\n" + multipart(b"mixed", b"Content-Type: image/png\r\n\r\n")

    assert found(inner) == [("1", False)]


@pytest.mark.parametrize(
    ("part", "inline"),
    [
        (b"Content-Type: image/png\r\nContent-ID: <a>\r\n\r\n", True),
        (b"Content-Type: image/png\r\nContent-ID: <a>\r\nContent-Disposition: inline; filename=a.png\r\n\r\n", True),
        (b"Content-Type: image/png\r\nContent-ID: <a>\r\nContent-Disposition: attachment\r\n\r\n", False),
        (b"Content-Type: image/png\r\nContent-Disposition: inline\r\n\r\n", False),
    ],
)
def test_what_belongs_to_the_html_is_inline(part: bytes, inline: bool) -> None:
    assert found(multipart(b"related", b"Content-Type: text/html\r\n\r\n", part)) == [("2", inline)]


def test_an_attachment_tells_all_about_itself() -> None:
    octets = multipart(
        b"mixed",
        b"\r\ntext",
        b"Content-Type: Image/PNG; name=a.png\r\nContent-ID: <b@x>\r\nContent-Transfer-Encoding: base64\r\n\r\nUE5H",
        b"Content-Type: application/pdf\r\n\r\n%PDF",
    )
    one, other = (Attachment(octets, part, inline=inline) for part, inline in attachments(parse(octets).root))

    assert (one.part, one.filename, one.type, one.content_id, one.inline) == ("2", "a.png", "image/png", "b@x", False)
    assert (one.content, one.size, one.sha256) == (b"PNG", 3, sha256(b"PNG").hexdigest())
    assert repr(one) == "<Attachment 2 a.png, image/png>"
    assert (other.filename, other.content_id) == ("", "")
    assert repr(other) == "<Attachment 3 without a name, application/pdf>"


def test_a_name_is_shown_without_what_could_move_a_cursor() -> None:
    octets = b"Content-Type: image/png; name*=utf-8''a%1B%5B2J%E2%80%AE.png\r\n\r\n"
    [(part, inline)] = attachments(parse(octets).root)

    assert repr(Attachment(octets, part, inline=inline)) == "<Attachment 1 a\\x1b[2J\\u202e.png, image/png>"
