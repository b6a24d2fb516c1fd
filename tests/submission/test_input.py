"""What a program writes becomes a message that can be sent; what it has said stays as it is."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.message.facts import facts
from mailtrap.submission.input import BadAddress, Input, addresses, read

WHOLE = b"From: a@x.test\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\nMessage-ID: <1@x.test>\r\n"


@pytest.mark.parametrize("text", ["", "<>", "ann@", "@x.test", "ann@x.test, bob@", "Team:;", "ann\x01@x.test"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        list(addresses(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("root", ["root@localhost"]),
        ("ann@x.test,bob@x.test, Cy <cy@x.test>", ["ann@x.test", "bob@x.test", "cy@x.test"]),
        ('"ann b"@x.test', ['"ann b"@x.test']),
    ],
)
def test_an_argument_is_one_address_or_several(text: str, found: list[str]) -> None:
    assert list(addresses(text)) == found


@pytest.mark.parametrize(
    ("written", "octets"),
    [
        (b"", b""),
        (b"a\nb\r\nc", b"a\r\nb\r\nc\r\n"),
        (b"a\n.\nb\n", b"a\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n"),
        (b"a\n..\n. \n", b"a\r\n..\r\n. \r\n"),
        (b"a\rb\n", b"a\rb\r\n"),
    ],
)
def test_lines_end_as_mail_has_it_and_a_dot_ends_them_all(written: bytes, octets: bytes) -> None:
    assert read(io.BytesIO(written), dot_ends=True) == octets


def test_programs_may_write_a_dot() -> None:
    assert read(io.BytesIO(b"a\n.\nb\n"), dot_ends=False) == b"a\r\n.\r\nb\r\n"


def test_nothing_is_read_behind_the_dot() -> None:
    lines = iter([b"a\n", b".\n", b"b\n"])

    read(lines, dot_ends=True)

    assert list(lines) == [b"b\n"]


def test_a_whole_message_is_left_as_it_is() -> None:
    octets = WHOLE + b"X-Odd : folded\r\n\tonce\r\n \r\nTo: ann@x.test\r\n\r\nBcc: in the text\r\n"

    assert Input(octets).octets("b@x.test", "Bob", without_bcc=True) == octets


def test_bcc_is_taken_out_with_all_its_lines_where_it_was_read() -> None:
    message = Input(WHOLE + b"BCC: a@x.test,\r\n b@x.test\r\nTo: c@x.test\r\nBcc : d@x.test\r\n\r\n")

    assert message.recipients() == ["a@x.test", "b@x.test", "c@x.test", "d@x.test"]
    assert message.octets("", "", without_bcc=True) == WHOLE + b"To: c@x.test\r\n\r\n"
    assert b"BCC: a@x.test" in message.octets("", "", without_bcc=False)


def test_a_message_that_is_sent_again_goes_to_whom_that_says() -> None:
    message = Input(WHOLE + b"To: a@x.test\r\nResent-To: b@x.test\r\nResent-Bcc: c@x.test\r\n\r\n")

    assert message.recipients() == ["b@x.test", "c@x.test"]
    assert b"Resent-Bcc" not in message.octets("", "", without_bcc=True)


@pytest.mark.parametrize(
    ("written", "body"),
    [
        (b"", b""),
        (b"\r\nhello\r\n", b"hello\r\n"),
        (b"hello, Ann\r\n", b"hello, Ann\r\n"),
        (b"Subject: hi\r\nhello\r\n", b"hello\r\n"),
        (b"From root Mon Jan  1 00:00:00 2024\r\nSubject: hi\r\n\r\nhello\r\n", b"hello\r\n"),
    ],
)
def test_what_is_missing_is_added_wherever_the_header_ends(written: bytes, body: bytes) -> None:
    octets = Input(written).octets("root@localhost", 'Cron "Daemon', without_bcc=False)

    header, _, rest = octets.partition(b"\r\n\r\n")
    assert rest == body
    assert b'From: "Cron \\"Daemon" <root@localhost>\r\n' in header
    assert re.search(rb"^Date: \w+, .+\r\nMessage-ID: <.+@localhost>$", header, re.MULTILINE)
    assert (b"Subject: hi\r\n" in header) is (b"Subject" in written)


def test_an_error_report_has_a_from_too() -> None:
    assert b"From: MAILER-DAEMON@localhost\r\n" in Input(b"").octets("", "", without_bcc=False)


@given(st.binary(), st.booleans())
def test_any_octets_become_a_message_that_has_an_author_and_a_date(written: bytes, dot_ends: bool) -> None:
    message = Input(read(io.BytesIO(written), dot_ends=dot_ends))
    octets = message.octets("root@localhost", "", without_bcc=True)

    message.recipients()
    assert not re.search(rb"(?<!\r)\n", octets)
    found = facts(octets)
    assert found.bcc == ()
    assert re.search(rb"^From[ \t]*:", octets, re.MULTILINE | re.IGNORECASE)
