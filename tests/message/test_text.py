"""What is read of a message: its text and its HTML."""

from __future__ import annotations

import pytest

from mailtrap.message.parse import parse
from mailtrap.message.text import content, decoded, html, text

PLAIN = b"Content-Type: text/plain\r\n\r\nplain"
HTML = b"Content-Type: text/html\r\n\r\n<p>rich</p>"
CALENDAR = b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR"
PICTURE = b"Content-Type: image/png\r\nContent-ID: <p>\r\n\r\nPNG"
ATTACHED = b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nattached"
MESSAGE = b"Content-Type: message/rfc822\r\n\r\nSubject: a\r\n\r\ninner"


def multipart(kind: str, *parts: bytes) -> bytes:
    """A multipart of these; its boundary is not in them."""
    boundary = b"%x" % (sum(map(len, parts)) + len(kind))
    lines = b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts)
    return b"Content-Type: multipart/%b; boundary=%b\r\n\r\n%b--%b--" % (kind.encode(), boundary, lines, boundary)


def both(octets: bytes) -> tuple[str, str]:
    structure = parse(octets)
    return text(octets, structure), html(octets, structure)


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (b"", ("", "")),
        (PICTURE, ("", "")),
        (MESSAGE, ("", "")),
        (ATTACHED, ("", "")),
        (multipart("mixed", PICTURE, ATTACHED, MESSAGE), ("", "")),
        (b"Content-Type: multipart/mixed\r\n\r\nbroken", ("broken", "")),
        (PLAIN, ("plain", "")),
        (HTML, ("rich", "<p>rich</p>")),
        (CALENDAR, ("BEGIN:VCALENDAR", "")),
        (multipart("alternative", PLAIN, HTML), ("plain", "<p>rich</p>")),
        (multipart("alternative", HTML, PLAIN), ("plain", "<p>rich</p>")),
        (multipart("alternative", HTML), ("rich", "<p>rich</p>")),
        (multipart("alternative", PLAIN), ("plain", "")),
        (multipart("alternative", PLAIN, HTML, CALENDAR), ("plain", "<p>rich</p>")),
        (multipart("alternative", CALENDAR), ("BEGIN:VCALENDAR", "")),
        (multipart("alternative", PICTURE), ("", "")),
        (multipart("alternative", PLAIN, multipart("related", HTML, PICTURE)), ("plain", "<p>rich</p>")),
        (multipart("related", multipart("alternative", PLAIN, HTML), PICTURE), ("plain", "<p>rich</p>")),
        (multipart("mixed", multipart("alternative", PLAIN, HTML), PICTURE), ("plain", "<p>rich</p>")),
        (multipart("mixed", PLAIN, PICTURE, PLAIN), ("plain\nplain", "")),
        (multipart("mixed", PLAIN, HTML), ("plain\nrich", "<p>rich</p>")),
        (multipart("mixed", PLAIN, ATTACHED, MESSAGE), ("plain", "")),
        (multipart("signed", PLAIN, HTML), ("plain", "")),
        (multipart("x-unknown", PLAIN, PICTURE), ("plain", "")),
    ],
)
def test_text_and_html(octets: bytes, found: tuple[str, str]) -> None:
    assert both(octets) == found


@pytest.mark.parametrize(
    ("start", "found"), [(b"<r>", "rich"), (b"r", "rich"), (b"<unknown>", "plain"), (b"", "plain")]
)
def test_of_related_parts_the_one_that_start_names_is_read(start: bytes, found: str) -> None:
    # RFC 2387 §3.2
    octets = multipart("related", PLAIN, b"Content-ID: <r>\r\n" + HTML).replace(
        b"related;", b'related; start="%b";' % start
    )

    assert both(octets)[0] == found


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (b"caf\xc3\xa9\r\nb\n\r\n", "café\nb\n\n"),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\ncaf\xe9", "café"),
        (b"Content-Transfer-Encoding: base64\r\n\r\nY2Fmw6k=", "café"),
        (b"Content-Transfer-Encoding: Quoted-Printable\r\n\r\ncaf=C3=A9=\r\n!", "café!"),
        (b"Content-Transfer-Encoding: x-unknown\r\n\r\ncaf=C3=A9", "caf=C3=A9"),
        (b"Content-Type: text/plain; charset=x-unknown\r\n\r\ncaf\xe9", "café"),
    ],
)
def test_a_text_is_decoded(octets: bytes, found: str) -> None:
    octets = octets if octets.startswith(b"Content") else b"\r\n" + octets

    assert both(octets) == (found, "")


def test_the_content_of_a_part_may_be_read_to_a_limit() -> None:
    octets = b"Content-Transfer-Encoding: base64\r\n\r\nYWJjZGVm"
    root = parse(octets).root

    assert (content(octets, root), content(octets, root, 4), content(octets, root, 0)) == (b"abcdef", b"abc", b"")
    assert decoded(octets, root, 4) == "abc"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        # RFC 3676 §4
        ("a \nb\nc", "a b\nc"),
        ("a\nb ", "a\nb "),
        ("a \n\nb", "a \nb"),
        ("> a \n> b\nc", "> a b\nc"),
        ("> a \n>> b", "> a \n>> b"),
        ("> a \nb", "> a \nb"),
        (">> a \n>> b", ">> a b"),
        (">a \n> b", "> a b"),
        (" From me\n >quoted?", "From me\n>quoted?"),
        ("a\n-- \nAnn", "a\n-- \nAnn"),
        ("a \n-- \nAnn", "a \n-- \nAnn"),
        ("> a \n> -- \n> Ann", "> a \n> -- \n> Ann"),
        ("", ""),
    ],
)
def test_flowed_text_is_put_together(body: str, found: str) -> None:
    octets = b"Content-Type: text/plain; format=Flowed\r\n\r\n" + body.replace("\n", "\r\n").encode()

    assert both(octets) == (found, "")


def test_flowed_text_with_delsp_loses_the_space() -> None:
    octets = b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\nfl \r\nows \r\n-- \r\nAnn"

    assert both(octets)[0] == "flows\n-- \nAnn"
