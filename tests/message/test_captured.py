"""A message as a test, the REST API and the inspector see it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from mailtrap.envelope import Address, Envelope
from mailtrap.message.captured import Message
from mailtrap.message.facts import Facts, facts
from mailtrap.message.summary import Summary

NOW = datetime(2026, 11, 23, tzinfo=UTC)
OCTETS = b"""\
From: =?utf-8?q?J=C3=BCrgen?= <j@shop.test>, k@shop.test\r
To: Ann <ann@x.test>\r
Cc: c@x.test\r
Bcc: b@x.test\r
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r
Date: Mon, 23 Nov 2026 09:15:00 +0100\r
Message-ID: <1@shop.test>\r
X-Job: one\r
X-Job: two\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/html; charset=utf-8\r
Content-Transfer-Encoding: 8bit\r
\r
<p>H\xc3\xa4llo</p>\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename=Invoice-1.pdf\r
\r
%PDF\r
--b\r
Content-Type: image/png\r
Content-Disposition: attachment; filename=logo.png\r
\r
PNG\r
--b--\r
"""
ENVELOPE = Envelope(Address("app@shop.test"), (Address("ann@x.test"), Address("b@x.test")))


def message(octets: bytes, found: Facts | None = None, envelope: Envelope | None = ENVELOPE) -> Message:
    """The message, whose octets are loaded once at the most."""
    loads = iter([octets])
    found = facts(octets) if found is None else found
    summary = Summary(7, "id7", 1, "smtp", NOW, 1, envelope, found, accounts=("catchall",), tags=("a", "b"), seen=True)
    return Message(summary, lambda: next(loads))


def test_what_a_list_shows_is_there_without_the_octets() -> None:
    def load() -> bytes:
        raise AssertionError("not needed")

    mail = Message(message(OCTETS).summary, load)

    assert (mail.id, mail.number, mail.origin, mail.received_at, mail.envelope) == ("id7", 7, "smtp", NOW, ENVELOPE)
    assert (mail.accounts, mail.tags, mail.seen, mail.pinned) == (["catchall"], ["a", "b"], True, False)
    assert (mail.subject, mail.preview, mail.size) == ("Grüße", "Hällo", len(OCTETS))
    assert mail.from_ == "j@shop.test"
    assert mail.from_.name == "Jürgen"
    assert (mail.to, mail.cc, mail.bcc) == (["ann@x.test"], ["c@x.test"], ["b@x.test"])
    assert (mail.date, mail.message_id) == (datetime(2026, 11, 23, 8, 15, tzinfo=UTC), "<1@shop.test>")


def test_an_empty_message_has_all_of_it_empty() -> None:
    mail = message(b"", envelope=None)

    assert (mail.subject, mail.from_, mail.to, mail.date, mail.message_id, mail.envelope) == (
        "",
        None,
        [],
        None,
        "",
        None,
    )
    assert (mail.text, mail.html, mail.attachments, mail.raw, mail.size) == ("", "", [], b"", 0)
    assert list(mail.headers) == []
    assert [part.path for part in mail.parts] == ["1"]


def test_the_rest_is_read_from_the_octets_once() -> None:
    mail = message(OCTETS)

    assert (mail.text, mail.html) == ("Hällo", "<p>Hällo</p>")
    assert mail.raw == OCTETS
    assert [part.path for part in mail.parts] == ["", "1", "2", "3"]
    assert mail.part("2").type == mail.structure.part("2").type == "application/pdf"
    with pytest.raises(KeyError):
        mail.part("9")
    assert mail.defects == []


def test_headers_are_decoded_in_the_order_of_the_wire() -> None:
    headers = message(OCTETS).headers

    assert [name for name, _ in headers][:3] == ["From", "To", "Cc"]
    assert headers["from"] == "Jürgen <j@shop.test>, k@shop.test"
    assert headers.all("x-job") == ["one", "two"]
    assert "reply-to" not in headers


def test_headers_are_the_messages_own() -> None:
    assert "content-disposition" not in message(OCTETS).headers


@pytest.mark.parametrize(
    ("pattern", "kind", "says"),
    [
        ("x", None, "no attachment with name='x'; there is <Attachment 2 Invoice-1.pdf, application/pdf>, <Attach"),
        (None, "text/*", "no attachment with type='text/*'; there is <"),
        ("*.pdf", "image/png", "no attachment with name='*.pdf' type='image/png'; there is <"),
        (None, None, "2 attachments; there are <Attachment 2 Invoice-1.pdf, application/pdf>, <Attachment 3 logo.png"),
        ("*", "*", "2 attachments with name='*' type='*'; there are <"),
    ],
)
def test_an_attachment_that_is_not_the_only_one_is_none(pattern: str | None, kind: str | None, says: str) -> None:
    with pytest.raises(LookupError, match=re.escape(says)):
        message(OCTETS).attachment(pattern, type=kind)


def test_where_there_are_no_attachments_the_error_says_so() -> None:
    with pytest.raises(LookupError, match=r"^no attachment; there is none at all$"):
        message(b"").attachment()


@pytest.mark.parametrize(
    ("pattern", "kind"), [("invoice-1.pdf", None), ("INVOICE-*.pdf", "Application/*"), (None, "application/pdf")]
)
def test_an_attachment_is_found_by_name_and_type_in_any_letter_case(pattern: str | None, kind: str | None) -> None:
    found = message(OCTETS).attachment(pattern, type=kind)

    assert (found.filename, found.content) == ("Invoice-1.pdf", b"%PDF")


def test_defects_are_those_noticed_when_it_came_and_those_seen_now() -> None:
    octets = b"A: 1\r\n\r\n\0"
    found = Facts(size=len(octets), defects=("dots-after-lf", "nul"), defect_count=2)

    assert [(each.code, each.offset) for each in message(octets, found).defects] == [("dots-after-lf", 0), ("nul", 8)]


def test_the_standard_librarys_message_is_made_when_asked_for() -> None:
    found = message(OCTETS).message

    assert isinstance(found, EmailMessage)
    assert found["Subject"] == "Grüße"
    assert found.get_body(("html",)) is not None


@pytest.mark.parametrize(
    ("octets", "envelope", "shown"),
    [
        (b"", None, "<Message without a subject from nobody to nobody, 0 octets>"),
        (b"Subject: a\r\nTo: t@x\r\n\r\n", None, "<Message 'a' from nobody to t@x, 23 octets>"),
        (
            b"From: f@x\r\n\r\n" * 200,
            ENVELOPE,
            "<Message without a subject from f@x to ann@x.test, b@x.test, 2,600 octets>",
        ),
        (
            b"Subject: \x1b[2J\r\n\r\n",
            Envelope(Address(""), tuple(Address(f"{n}@x") for n in range(9))),
            "<Message '\\\\x1b[2J' from nobody to 0@x, 1@x, 2@x and 6 more, 17 octets>",
        ),
    ],
)
def test_a_message_is_shown_on_one_line(octets: bytes, envelope: Envelope | None, shown: str) -> None:
    assert repr(message(octets, envelope=envelope)) == shown
