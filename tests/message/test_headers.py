"""The fields of a header: where they are cut, how they are decoded, and the dates they state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.message.fields import Headers
from mailtrap.message.headers import Field, Header, date, decoded, fields, parameterised, unfolded
from mailtrap.message.limits import LIMITS


def cut(octets: bytes) -> list[Field]:
    return fields(octets, 0, len(octets))


@pytest.mark.parametrize(
    "octets", [b"", b"\r\n", b"no colon\r\n", b": no name\r\n", b" folded: x\r\n", b"a b: x\r\n", b"\0:x"]
)
def test_what_is_no_field_is_left_out(octets: bytes) -> None:
    assert cut(octets) == []


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (b"A: 1\r\nB:2\r\n", [("A", b" 1", 0), ("B", b"2", 6)]),
        (b"A: 1\nB: 2", [("A", b" 1", 0), ("B", b" 2", 5)]),
        (b"A \t: 1\r\n", [("A", b" 1", 0)]),
        (b"A:\r\n", [("A", b"", 0)]),
        (b"A: b: c\r\n", [("A", b" b: c", 0)]),
        (b"A: 1\r\n 2\r\n\t3\r\nB:\r\n\r\n", [("A", b" 1\r\n 2\r\n\t3", 0), ("B", b"", 14)]),
        (b"A: 1\r\n \r\n", [("A", b" 1\r\n ", 0)]),
        (b"A: 1\rB: 2\r\n", [("A", b" 1\rB: 2", 0)]),
        (b"stray\r\nA: 1\r\nstray\r\n", [("A", b" 1", 7)]),
        ("Größe: 1\r\n".encode(), [("Größe", b" 1", 0)]),
        ("Größe: 1\r\n".encode("latin-1"), [("Größe", b" 1", 0)]),
    ],
)
def test_fields_are_cut_as_they_stand(octets: bytes, found: list[tuple[str, bytes, int]]) -> None:
    assert cut(octets) == found


def test_fields_are_cut_within_their_header_only() -> None:
    octets = b"A: 1\r\n\r\nB: 2\r\n\r\n"

    assert fields(octets, 8, len(octets)) == [("B", b" 2", 8)]
    assert fields(octets, 0, 8) == [("A", b" 1", 0)]


def test_a_header_is_read_up_to_a_limit() -> None:
    octets = b"A: 1\r\nX: " + b"x" * LIMITS.header + b"\r\nB: 2\r\n"

    assert [(field.name, len(field.value)) for field in cut(octets)] == [("A", 2), ("X", LIMITS.header - 8)]


def test_a_header_by_name_has_all_values_in_their_order() -> None:
    octets = b"To: a\r\nX: 1\r\nTO: b\r\n"
    header = Header(octets, 0, len(octets))

    assert header.all(b"cc") == []
    assert header.all(b"x") == [b" 1\r"]
    assert header.all(b"to") == [b" a\r", b" b\r"]
    assert header.first == {b"to": b" a\r", b"x": b" 1\r"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"", ""),
        (b" \t\r\n ", ""),
        (b" a\r\n b\r\n\tc", "a b\tc"),
        (b" a\n b", "a b"),
        (b" a\r\n  b ", "a  b"),
        ("Köln".encode(), "Köln"),
        ("Köln".encode("latin-1"), "Köln"),
        ("„Köln“".encode("cp1252"), "„Köln“"),
    ],
)
def test_a_value_is_unfolded_and_is_utf_8_or_else_latin_1(value: bytes, text: str) -> None:
    # RFC 5322 §2.2.3: the line end alone goes
    assert unfolded(value) == decoded(value) == text


def test_a_value_is_decoded_after_it_was_unfolded() -> None:
    assert decoded(b" =?utf-8?q?a?=\r\n =?utf-8?q?b?= c\r\n d") == "ab c d"


def test_a_value_has_parameters() -> None:
    assert parameterised(b' TEXT/Plain;\r\n\tCharset="utf-8"\r\n') == ("text/plain", {"charset": "utf-8"})


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"yesterday",
        b"Mon, 23 Nov",
        b"23 Nov 2026",
        b"23 November 2026 noon",
        b"31 Feb 2026 00:00:00 +0000",
        b"0 Nov 2026 00:00:00 +0000",
        b"23 Foo 2026 00:00:00 +0000",
        b"23 Nov 2026 24:00:00 +0000",
        b"23 Nov 2026 00:60:00 +0000",
        b"23 Nov 2026 00:00:00 +9959",
        b"23 Nov 1899 00:00:00 +0000",
        b"31 Dec 9999 23:59:59 -0100",
        b"2026-11-23T09:15:00Z",
        "٢٣ Nov 2026 00:00:00 +0000".encode(),
        b"1" * 5000 + b" Nov 2026 00:00:00",
    ],
)
def test_what_is_no_date(value: bytes) -> None:
    assert date(value) is None


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (b"Mon, 23 Nov 2026 09:15:01 +0130", "2026-11-23T09:15:01+01:30"),
        (b" 23 Nov 2026 09:15 -0800\r\n", "2026-11-23T09:15:00-08:00"),
        (b"Mon,\r\n 23 Nov 2026\r\n 09:15:01 GMT", "2026-11-23T09:15:01+00:00"),
        (b"monday, 23-NOV-26 09:15:01 EST", "2026-11-23T09:15:01-05:00"),
        (b"Mon, 23 Nov 2026 09:15:01 +0100 (CET)", "2026-11-23T09:15:01+01:00"),
        (b"(now) Mon, 23 (Nov) Nov 2026 09:15:01 +0100", "2026-11-23T09:15:01+01:00"),
        (b"23 Nov 99 09:15:01 +0000", "1999-11-23T09:15:01+00:00"),
        (b"23 Nov 49 09:15:01 +0000", "2049-11-23T09:15:01+00:00"),
        (b"23 Nov 126 09:15:01 +0000", "2026-11-23T09:15:01+00:00"),
        (b"31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59+00:00"),
        (b"23 Nov 2026 09:15:01", "2026-11-23T09:15:01+00:00"),
        (b"23 Nov 2026 09:15:01 -0000", "2026-11-23T09:15:01+00:00"),
        (b"23 Nov 2026 09:15:01 Q", "2026-11-23T09:15:01+00:00"),
        (b"23 November 2026 09:15:01 +0000", "2026-11-23T09:15:01+00:00"),
    ],
)
def test_dates_are_read_as_they_are_written(value: bytes, moment: str) -> None:
    # RFC 5322 §3.3 and §4.3
    assert date(value) == datetime.fromisoformat(moment)
    assert (date(value) or datetime.now(UTC)).isoformat() == moment


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(9998, 1, 1)).map(
        lambda each: each.replace(microsecond=0)
    ),
    st.integers(-1439, 1439),
)
def test_a_date_that_is_written_is_read(moment: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    written = f"{moment:%d %b} {moment.year:04} {moment:%H:%M:%S} {sign}{hours:02}{rest:02}"

    found = date(written.encode())
    assert found is not None
    assert found.replace(tzinfo=None) == moment
    assert found.utcoffset() == timedelta(minutes=minutes)


def test_headers_are_pairs_and_found_by_name() -> None:
    headers = Headers([("Subject", "Hi"), ("X", "1"), ("x", "2")])

    with pytest.raises(KeyError, match="no field Bcc; there are Subject, X, x"):
        headers["Bcc"]
    with pytest.raises(KeyError, match="there are none"):
        Headers([])["Bcc"]
    assert headers.get("bcc") is None
    assert headers.get("bcc", "none") == "none"
    assert "bcc" not in headers
    assert "SUBJECT" in headers
    assert ("X", "1") in headers
    assert 7 not in headers
    assert headers["subject"] == headers.get("Subject") == "Hi"
    assert headers["X"] == "1"
    assert headers.all("x") == ["1", "2"]
    assert headers[0] == ("Subject", "Hi")
    assert headers[1:] == (("X", "1"), ("x", "2"))
    assert len(headers) == 3
    assert headers == [("Subject", "Hi"), ("X", "1"), ("x", "2")]
    assert headers != 3
    assert hash(headers) == hash(Headers(list(headers)))
    assert repr(Headers([("X", "1")])) == "Headers([('X', '1')])"
