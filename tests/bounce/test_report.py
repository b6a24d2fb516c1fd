"""Reports, as `email` and our own parser read them: the original comes back as it was, and nothing else gets in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import SMTP

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from odd_octets import OCTETS

from mailtrap.bounce import LARGEST, Action, Outcome, Report, goes_whole, report
from mailtrap.message.parse import parse

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORIGINAL = b"From: ann@example.com\r\nSubject: hi\r\nMessage-ID: <1@example.com>\r\n\r\nhello\r\n"
BOB = Outcome("bob@example.net", "failed", "5.1.1", "550 5.1.1 No such user", attempted=NOON)
FAILED = Report(
    mail_from="ann@example.com",
    outcomes=(BOB,),
    original=ORIGINAL,
    whole=True,
    at=NOON + timedelta(seconds=5),
    arrived=NOON,
    id="AAAAAAAAAAAAAAAA",
    message_id="<1@example.com>",
    token="BBBBBBBBBBBBBBBB",
)
FIELDS = {
    *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "MIME-Version"),
    *("X-Mailtrap-Report-On", "Content-Type", "Content-Transfer-Encoding"),
}
OF_MESSAGE = {"Original-Envelope-Id", "Reporting-MTA", "Received-From-MTA", "Arrival-Date"}
OF_RECIPIENT = {
    *("Original-Recipient", "Final-Recipient", "Action", "Status", "Diagnostic-Code", "Last-Attempt-Date"),
    *("Final-Log-Id", "Will-Retry-Until"),
}


def read(about: Report) -> tuple[Message, list[Message]]:
    """The report and its parts, as the standard library sees them."""
    message = message_from_bytes(report(about))
    parts = message.get_payload()
    assert isinstance(parts, list)
    assert message.defects == []
    return message, [each for each in parts if isinstance(each, Message)]


def groups(about: Report) -> list[dict[str, str]]:
    """The groups of fields in message/delivery-status."""
    inner = read(about)[1][1].get_payload()
    assert isinstance(inner, list)
    return [dict(each.items()) for each in inner if isinstance(each, Message)]


def cut(octets: bytes) -> list[tuple[bytes, bytes]]:
    """The three parts, by nothing but the boundary: the header and the octets of each."""
    boundary = message_from_bytes(octets).get_boundary()
    _, *parts, end = octets.split(f"\r\n--{boundary}".encode())
    assert end == b"--\r\n"
    headers = [part.index(b"\r\n\r\n") for part in parts]
    return [(part[2 : at + 2], part[at + 4 :]) for at, part in zip(headers, parts, strict=True)]


def returned(about: Report) -> tuple[str, bytes]:
    """The third part: its type, and its octets."""
    header, octets = cut(report(about))[2]
    return message_from_bytes(header).get_content_type(), octets


def names(group: bytes) -> set[str]:
    """The names of the fields in *group*, whatever characters are in their values."""
    return set(message_from_bytes(group).keys())


def test_a_failure_is_reported_to_who_sent_the_message() -> None:
    message, (text, status, original) = read(FAILED)

    assert dict(message.items()) == {
        "From": "Mail Delivery System <MAILER-DAEMON@sandbox.localhost>",
        "To": "<ann@example.com>",
        "Subject": "Delivery Status Notification (Failure)",
        "Date": "Sun, 01 Mar 2026 12:00:05 +0000",
        "Message-ID": "<BBBBBBBBBBBBBBBB@sandbox.localhost>",
        "In-Reply-To": "<1@example.com>",
        "References": "<1@example.com>",
        "Auto-Submitted": "auto-replied",
        "X-Mailtrap-Report-On": "AAAAAAAAAAAAAAAA",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/report; report-type=delivery-status;\r\n boundary="=_BBBBBBBBBBBBBBBB"',
    }
    assert text.get_content_type() == "text/plain"
    assert "bob@example.net" in str(text.get_payload())
    assert "550 5.1.1 No such user" in str(text.get_payload())
    assert status.get_content_type() == "message/delivery-status"
    assert original.get_content_type() == "message/rfc822"


def test_the_status_names_message_and_recipients_each_in_a_group() -> None:
    carl = replace(BOB, rcpt_to="Carl@example.net", status="5.2.2", diagnostic="", orcpt=("rfc822", "CARL@example.net"))

    about = replace(
        FAILED, outcomes=(BOB, carl), envid="QQ 314+159", helo="client.example", peer="127.0.0.1", hostname="mx.test"
    )

    assert groups(about) == [
        {
            "Original-Envelope-Id": "QQ 314+159",
            "Reporting-MTA": "dns;mx.test",
            "Received-From-MTA": "dns;client.example (127.0.0.1)",
            "Arrival-Date": "Sun, 01 Mar 2026 12:00:00 +0000",
        },
        {
            "Final-Recipient": "rfc822;bob@example.net",
            "Action": "failed",
            "Status": "5.1.1",
            "Diagnostic-Code": "smtp; 550 5.1.1 No such user",
            "Last-Attempt-Date": "Sun, 01 Mar 2026 12:00:00 +0000",
            "Final-Log-Id": "AAAAAAAAAAAAAAAA",
        },
        {
            "Original-Recipient": "rfc822;CARL@example.net",
            "Final-Recipient": "rfc822;Carl@example.net",
            "Action": "failed",
            "Status": "5.2.2",
            "Last-Attempt-Date": "Sun, 01 Mar 2026 12:00:00 +0000",
            "Final-Log-Id": "AAAAAAAAAAAAAAAA",
        },
    ]


def test_what_is_not_known_is_not_said() -> None:
    bare = Report(
        mail_from="ann@example.com",
        outcomes=(Outcome("bob@x.test", "failed", "5.0.0"),),
        original=b"",
        whole=True,
        at=NOON,
    )

    message, _ = read(bare)
    assert {"In-Reply-To", "References", "X-Mailtrap-Report-On"}.isdisjoint(message.keys())
    assert groups(bare) == [
        {"Reporting-MTA": "dns;sandbox.localhost"},
        {"Final-Recipient": "rfc822;bob@x.test", "Action": "failed", "Status": "5.0.0"},
    ]


@pytest.mark.parametrize(
    ("action", "subject", "said"),
    [
        ("delayed", "Delivery Status Notification (Delay)", "will be tried until Mon, 02 Mar 2026 12:00:00 +0000"),
        ("delivered", "Delivery Status Notification (Success)", "was delivered"),
        ("relayed", "Delivery Status Notification (Relay)", "passed on"),
    ],
)
def test_each_action_has_words_of_its_own(action: Action, subject: str, said: str) -> None:
    until = NOON + timedelta(days=1) if action == "delayed" else None
    about = replace(FAILED, outcomes=(Outcome("bob@example.net", action, "4.4.1", retry_until=until),), whole=False)

    message, (text, *_) = read(about)
    assert message["Subject"] == subject
    assert said in str(text.get_payload())
    assert groups(about)[1].get("Will-Retry-Until") == ("Mon, 02 Mar 2026 12:00:00 +0000" if until else None)


def test_an_address_with_other_letters_is_of_a_type_of_its_own() -> None:
    octets = report(replace(FAILED, outcomes=(replace(BOB, rcpt_to="jürgen@bücher.example"),)))

    message = message_from_bytes(octets)
    assert message.get_param("report-type") == "global-delivery-status"
    assert [part.type for part in parse(octets).root.children] == [
        "text/plain",
        "message/global-delivery-status",
        "message/rfc822",
    ]
    assert "\r\nFinal-Recipient: utf-8;jürgen@bücher.example\r\n".encode() in octets
    assert message["Content-Transfer-Encoding"] == "8bit"


@pytest.mark.parametrize(
    ("original", "kind", "back"),
    [
        (ORIGINAL, "text/rfc822-headers", ORIGINAL[: ORIGINAL.index(b"\r\nhello")]),
        (b"Subject: hi\n\nhello\n", "text/rfc822-headers", b"Subject: hi\n"),
        (b"Subject: hi\r\n", "text/rfc822-headers", b"Subject: hi"),
        (b"no header at all\r\n", "text/rfc822-headers", b""),
        (b"", "text/rfc822-headers", b""),
        ("Subject: Größe\r\n\r\nx".encode(), "message/global-headers", "Subject: Größe\r\n".encode()),
        (b"Subject: Gr\xf6\xdfe\r\n\r\nx", "text/rfc822-headers", b"Subject: Gr\xf6\xdfe\r\n"),
    ],
)
def test_the_header_alone_is_all_before_the_empty_line(original: bytes, kind: str, back: bytes) -> None:
    assert returned(replace(FAILED, original=original, whole=False)) == (kind, back)


@pytest.mark.parametrize(
    ("original", "kind", "encoding"),
    [
        (ORIGINAL, "message/rfc822", None),
        (ORIGINAL + b"gr\xfc\xdfe\r\n", "message/rfc822", "8bit"),
        ("Subject: Größe\r\n\r\nx".encode(), "message/global", "8bit"),
        (ORIGINAL + b"bare\nLF", "message/rfc822", "binary"),
        (ORIGINAL + b"bare\rCR", "message/rfc822", "binary"),
        (ORIGINAL + b"\0", "message/rfc822", "binary"),
        (ORIGINAL + b"x" * 999, "message/rfc822", "binary"),
    ],
)
def test_the_original_is_labelled_by_what_is_in_it(original: bytes, kind: str, encoding: str | None) -> None:
    about = replace(FAILED, original=original)

    message, parts = read(about)
    assert returned(about) == (kind, original)
    assert parts[2]["Content-Transfer-Encoding"] == encoding
    assert message["Content-Transfer-Encoding"] == encoding


def test_email_gives_the_original_back_to_the_octet() -> None:
    _, parts = read(FAILED)

    _, original = parts[2].walk()
    assert original.as_bytes(policy=SMTP) == ORIGINAL


def test_a_boundary_that_the_original_has_in_it_is_not_used() -> None:
    original = b"Subject: guessed\r\n\r\n--=_BBBBBBBBBBBBBBBB--\r\n--=_BBBBBBBBBBBBBBBB=\r\n"

    assert returned(replace(FAILED, original=original)) == ("message/rfc822", original)


@pytest.mark.parametrize(
    "message_id", ["", "1@example.com", "<1>\r\nBcc: eve@example.com", "<a b>", "<ü@x>", f"<{'x' * 901}>"]
)
def test_what_is_no_message_id_is_not_referred_to(message_id: str) -> None:
    message, _ = read(replace(FAILED, message_id=message_id))

    assert {"In-Reply-To", "References", "Bcc"}.isdisjoint(message.keys())


@pytest.mark.parametrize(
    ("action", "ret", "size", "whole"),
    [
        ("failed", "", 10, True),
        ("failed", "FULL", 10, True),
        ("failed", "HDRS", 10, False),
        ("failed", "FULL", LARGEST, True),
        ("failed", "FULL", LARGEST + 1, False),
        ("delayed", "FULL", 10, False),
        ("delivered", "FULL", 10, False),
    ],
)
def test_ret_counts_for_failures_up_to_a_size(action: Action, ret: str, size: int, whole: bool) -> None:
    assert goes_whole(action, ret, size) is whole


FOREIGN = st.one_of(
    st.text(max_size=30),
    st.text(st.sampled_from("a@.:;\r\n \t\0\x85\u2028é\udcff"), max_size=300),
    st.sampled_from(
        ["x\r\nBcc: eve@example.com", "x\r\n\r\nAction: delivered", "a" * 5000, "ü" * 2000, " " * 3000 + "a"]
    ),
)
OUTCOMES = st.builds(
    Outcome,
    rcpt_to=FOREIGN,
    action=st.just("failed"),
    status=st.just("5.0.0"),
    diagnostic=FOREIGN,
    orcpt=st.none() | st.tuples(FOREIGN, FOREIGN),
)
REPORTS = st.builds(
    Report,
    mail_from=FOREIGN,
    outcomes=st.lists(OUTCOMES, min_size=1, max_size=3).map(tuple),
    original=st.one_of(OCTETS, st.sampled_from([ORIGINAL, b"--=_BBBBBBBBBBBBBBBB\r\n", b"\r\n--"])),
    whole=st.booleans(),
    at=st.just(NOON),
    envid=FOREIGN,
    helo=FOREIGN,
    peer=FOREIGN,
    id=st.just("AAAAAAAAAAAAAAAA"),
    message_id=FOREIGN,
    token=st.just("BBBBBBBBBBBBBBBB"),
)


@given(REPORTS)
@example(replace(FAILED, mail_from="", outcomes=(Outcome("", "failed", "5.0.0"),), original=b""))
def test_whatever_comes_from_others_becomes_no_field_and_no_part(about: Report) -> None:
    octets = report(about)

    message, parts = read(about)
    assert len(parts) == 3
    assert set(message.keys()) <= FIELDS
    assert len(message.keys()) == len(set(message.keys()))
    of_message, *of_recipients = cut(octets)[1][1].split(b"\r\n\r\n")
    assert names(of_message) <= OF_MESSAGE
    assert len(of_recipients) == len(about.outcomes)
    assert all(names(each) <= OF_RECIPIENT for each in of_recipients)
    header, original = cut(octets)[2]
    if about.whole:
        assert original == about.original
    around = octets.replace(header + b"\r\n" + original, b"")
    assert all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in around.split(b"\r\n"))
