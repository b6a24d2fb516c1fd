"""What a list shows of a message."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

import pytest

from mailtrap.message.facts import PREVIEW, Facts, LateFacts, facts
from mailtrap.message.limits import LIMITS


def preview(body: str, kind: str = "text/plain", encoding: str = "8bit") -> str:
    header = f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return facts((header + body).encode()).preview


def test_of_nothing_there_are_no_facts() -> None:
    none = Facts(size=0, types=("text/plain",), defects=("no-headers",), defect_count=1)

    assert facts(b"") == none


def test_of_fields_that_are_there_twice_the_first_counts_but_addresses_are_all_shown() -> None:
    octets = (
        b"Subject: one\r\nSubject: two\r\nDate: 1 Jan 2026 00:00:00 +0000\r\nDate: now\r\nMessage-ID: <1>\r\n"
        b"Message-ID: <2>\r\nTo: a@x\r\nTo: b@x, c@x\r\nTO: d@x\r\n\r\n"
    )

    found = facts(octets)
    assert (found.subject, found.message_id, found.date) == ("one", "<1>", datetime(2026, 1, 1, tzinfo=UTC))
    assert found.to == ("a@x", "b@x", "c@x", "d@x")


def test_addresses_of_all_fields_of_a_name_are_limited() -> None:
    octets = b"To: " + b"a@x, " * LIMITS.addresses + b"\r\nTo: b@x\r\n\r\n"

    assert facts(octets).to == ("a@x",) * LIMITS.addresses


def test_fields_of_the_body_are_none() -> None:
    assert facts(b"X: 1\r\n\r\nSubject: no\r\nTo: a@x\r\n").subject == ""


def test_types_and_names_are_those_of_leaves_and_attached_messages() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=b; name=none\r\n\r\n--b\r\n\r\n--b\r\n\r\n--b\r\n"
        b"Content-Type: message/rfc822; name=a.eml\r\n\r\nContent-Type: text/html; name=b\r\n\r\n\r\n--b--"
    )

    found = facts(octets)
    assert found.types == ("text/plain", "message/rfc822", "text/html")
    assert (found.filenames, found.attachments) == (("a.eml", "b"), 1)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("", ""),
        (" \r\n\t\r\n", ""),
        ("a\r\n\r\n  b\tc", "a b c"),
        ("x" * 1000, "x" * PREVIEW),
        ("é " * 1000, "é " * (PREVIEW // 2)),
        ("-" * 3 + " " * 3000 + "text", "--- text"),
        ("<p>a", "<p>a"),
    ],
)
def test_a_preview_is_the_beginning_of_the_text_on_one_line(body: str, found: str) -> None:
    assert preview(body) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<style>" + "p{} " * 5000 + "</style><p>a</p><p>b</p>", "a b"),
        ("<p>Preheader\u034f\u200c &zwnj;&nbsp;&#8203;</p>\ufeff<p>Text</p>", "Preheader Text"),
        ("<p>" + "x" * 300, "x" * PREVIEW),
        ("<!-- " + "x" * 70_000 + " --> too far", ""),
        ("<img alt=a>", ""),
    ],
)
def test_the_preview_of_html_is_what_is_read_of_it(body: str, found: str) -> None:
    assert preview(body, "text/html") == found


def test_a_preview_is_cut_between_characters_not_between_octets() -> None:
    assert preview("ab" + "☃" * 400) == "ab" + "☃" * (PREVIEW - 2)
    assert preview("=E2=98=83" * 400, encoding="quoted-printable") == "☃" * PREVIEW


def test_the_preview_is_of_the_html_where_the_plain_text_is_empty() -> None:
    octets = (
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n \r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>rich\r\n--b--"
    )

    assert facts(octets).preview == "rich"


def test_the_preview_of_flowed_text_flows() -> None:
    assert preview("fl \r\nows", "text/plain; format=flowed; delsp=yes") == "flows"


# -- facts that nobody has asked for

LETTER = b"Subject: Hello\r\nTo: ann@x.test\r\n\r\nHello, Ann.\r\n"


def test_the_size_is_known_without_a_look() -> None:
    late = LateFacts(LETTER)

    assert late.size == len(LETTER)
    assert not late.is_settled


def test_whoever_asks_for_one_finds_all() -> None:
    late = LateFacts(LETTER)

    assert late.subject == "Hello"
    assert late.is_settled
    assert repr(late) == repr(facts(LETTER)).replace("Facts", "LateFacts", 1)


def test_late_facts_are_equal_to_others_that_say_the_same() -> None:
    assert LateFacts(LETTER) == facts(LETTER) == LateFacts(LETTER) != LateFacts(b"")
    assert hash(LateFacts(LETTER)) == hash(facts(LETTER))


def test_late_facts_have_no_others() -> None:
    assert not hasattr(LateFacts(LETTER), "weight")


def test_a_copy_of_late_facts_has_them() -> None:
    for copied in (copy.copy(LateFacts(LETTER)), pickle.loads(pickle.dumps(LateFacts(LETTER)))):
        assert copied == facts(LETTER)
