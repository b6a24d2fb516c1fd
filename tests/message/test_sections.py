"""Sections of a message: what lies where, and what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_octets import OCTETS

from mailtrap.message.limits import LIMITS
from mailtrap.message.parse import Part, header_end, parse
from mailtrap.message.sections import UnknownEncoding, decoder, fields, other_fields, part_at, section

INNER = (
    b"Subject: inner\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
    b"--i\r\nX: y\r\n\r\nI1\r\n--i\r\nContent-Type: text/html\r\n\r\nI2\r\n--i--\r\n"
)
MESSAGE = (
    b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\npreamble\r\n"
    b"--o\r\nX: 1\r\n\r\nP1\r\n"
    b"--o\r\nContent-Type: message/rfc822\r\n\r\n" + INNER + b"\r\n"
    b"--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: single\r\n\r\nS1\r\n\r\n"
    b"--o\r\nContent-Type: multipart/alternative; boundary=n\r\n\r\n--n\r\n\r\nN1\r\n--n--\r\n"
    b"--o--\r\nepilogue\r\n"
)


def cut(octets: bytes, name: str) -> bytes:
    """The octets of a section, by its name in IMAP."""
    words = name.split(".") if name else []
    numbers = [int(each) for each in words if each.isdigit()]
    start, stop = section(parse(octets).root, numbers, "".join(each for each in words if not each.isdigit()))
    return octets[start:stop]


@pytest.mark.parametrize(
    "name", "5 1.1 2.3 3.2 3.1.1 4.2 1.HEADER 1.TEXT 2.1.HEADER 4.HEADER 4.TEXT 5.MIME 2.9.9".split()
)
def test_what_is_not_there_is_empty(name: str) -> None:
    assert cut(MESSAGE, name) == b""


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("", MESSAGE),
        ("HEADER", MESSAGE[: MESSAGE.index(b"preamble")]),
        ("TEXT", MESSAGE[MESSAGE.index(b"preamble") :]),
        ("1", b"P1"),
        ("1.MIME", b"X: 1\r\n\r\n"),
        ("2", INNER),
        ("2.MIME", b"Content-Type: message/rfc822\r\n\r\n"),
        ("2.HEADER", INNER[: INNER.index(b"--i")]),
        ("2.TEXT", INNER[INNER.index(b"--i") :]),
        ("2.1", b"I1"),
        ("2.1.MIME", b"X: y\r\n\r\n"),
        ("2.2", b"I2"),
        ("2.2.MIME", b"Content-Type: text/html\r\n\r\n"),
        ("3", b"Subject: single\r\n\r\nS1\r\n"),
        ("3.HEADER", b"Subject: single\r\n\r\n"),
        ("3.TEXT", b"S1\r\n"),
        ("3.1", b"S1\r\n"),
        ("3.1.MIME", b"Subject: single\r\n\r\n"),
        ("4", b"--n\r\n\r\nN1\r\n--n--"),
        ("4.MIME", b"Content-Type: multipart/alternative; boundary=n\r\n\r\n"),
        ("4.1", b"N1"),
        ("4.1.MIME", b"\r\n"),
    ],
)
def test_sections_of_a_message_with_messages_in_it(name: str, octets: bytes) -> None:
    # RFC 9051 §6.4.5.1
    assert cut(MESSAGE, name) == octets


def test_a_message_that_is_no_multipart_has_part_1() -> None:
    octets = b"Subject: Hi\r\n\r\nHello\r\n"

    assert cut(octets, "1") == cut(octets, "TEXT") == b"Hello\r\n"
    assert cut(octets, "1.MIME") == cut(octets, "HEADER") == b"Subject: Hi\r\n\r\n"
    assert cut(octets, "2") == cut(octets, "1.1") == b""


def test_a_message_that_is_a_message() -> None:
    octets = b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nHello\r\n"

    assert cut(octets, "1") == b"Subject: inner\r\n\r\nHello\r\n"
    assert cut(octets, "1.MIME") == b"Content-Type: message/rfc822\r\n\r\n"
    assert cut(octets, "1.HEADER") == cut(octets, "1.1.MIME") == b"Subject: inner\r\n\r\n"
    assert cut(octets, "1.TEXT") == cut(octets, "1.1") == b"Hello\r\n"
    assert cut(octets, "1.2") == cut(octets, "1.1.1") == b""


@pytest.mark.parametrize(
    "field",
    [
        b"Content-Type: multipart/mixed",
        b"Content-Type: multipart/mixed; boundary=not-there",
    ],
)
def test_what_could_not_be_taken_apart_has_one_part(field: bytes) -> None:
    octets = field + b"\r\n\r\none\r\n"

    assert cut(octets, "1") == cut(octets, "TEXT") == b"one\r\n"
    assert cut(octets, "1.MIME") == cut(octets, "2") == cut(octets, "1.1") == b""


def test_a_message_that_is_encoded_has_no_header_and_one_part() -> None:
    octets = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA==\r\n"

    assert cut(octets, "1") == cut(octets, "1.TEXT") == cut(octets, "1.1") == b"U3ViamVjdDogeA==\r\n"
    assert cut(octets, "1.HEADER") == b""


@given(OCTETS, st.lists(st.integers(1, 3), max_size=4), st.sampled_from(["", "HEADER", "TEXT", "MIME"]))
def test_every_section_of_any_octets_lies_within_them(octets: bytes, numbers: list[int], text: str) -> None:
    root = parse(octets).root
    start, stop = section(root, numbers, text)

    assert 0 <= start <= stop <= len(octets)
    assert root.body == header_end(octets)


def test_every_part_of_the_corpus_is_found_by_its_number(corpus: Path) -> None:
    structure = parse(corpus.read_bytes())
    for part in structure.parts():
        numbers = [int(each) for each in part.path.split(".") if each.isdigit()]
        if not part.path.endswith("TEXT") and part.path:
            found = part_at(structure.root, numbers)
            assert found is not None
            assert (found.body, found.end) == (part.body, part.end)


# -- fields

HEADER = b"From: a\r\nSubject: one\r\nno colon\r\nsubject : two\r\n three\r\nTo: b\r\n\r\n"


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (set(), b"\r\n"),
        ({b"x"}, b"\r\n"),
        ({b"no colon"}, b"\r\n"),
        ({b"from"}, b"From: a\r\n\r\n"),
        ({b"to", b"from"}, b"From: a\r\nTo: b\r\n\r\n"),
        ({b"subject"}, b"Subject: one\r\nsubject : two\r\n three\r\n\r\n"),
    ],
)
def test_fields_are_chosen_as_they_were_sent(names: set[bytes], chosen: bytes) -> None:
    assert fields(HEADER, names) == chosen


def test_the_others_are_all_else() -> None:
    assert other_fields(HEADER, {b"subject", b"x"}) == b"From: a\r\nno colon\r\nTo: b\r\n\r\n"
    assert other_fields(HEADER, set()) == HEADER
    assert other_fields(b"A: 1\n", {b"a"}) == b""


@pytest.mark.parametrize(
    ("header", "empty_line"),
    [
        (b"", b""),
        (b"A: 1", b""),
        (b"A: 1\r\n", b""),  # a message that has no body and no blank line
        (b"A: 1\r\n\r\n", b"\r\n"),
        (b"A: 1\n\n", b"\n"),
        (b"\r\n", b"\r\n"),
        (b"\n", b"\n"),
    ],
)
def test_the_empty_line_is_there_if_it_is_in_the_message(header: bytes, empty_line: bytes) -> None:
    assert fields(header, {b"x"}) == empty_line
    assert fields(header, {b"a"}) == other_fields(header, {b"x"}) == header


def test_fields_beyond_the_limit_are_kept_and_not_read() -> None:
    header = b"A: 1\r\n" * (LIMITS.header // 6 + 1) + b"B: 2\r\n\r\n"

    assert fields(header, {b"b"}) == b"\r\n"
    assert other_fields(header, {b"a"}).endswith(b"B: 2\r\n\r\n")


@given(OCTETS, st.sets(st.sampled_from([b"subject", b"to", b"content-type", b"x-odd"])))
def test_no_field_is_both_chosen_and_left(octets: bytes, names: set[bytes]) -> None:
    header = octets[: header_end(octets)]
    chosen, others = fields(header, names), other_fields(header, names)

    assert other_fields(others, names) == others
    assert fields(others, names) in (b"", b"\n", b"\r\n")
    assert len(header) <= len(chosen) + len(others) <= len(header) + 2


# -- contents


def part(**values: str) -> Part:
    return Part("1", 0, 0, 0, **values)  # type: ignore[arg-type]  # these are all text


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "binary"])
def test_there_may_be_nothing_to_decode(encoding: str) -> None:
    assert decoder(part(encoding=encoding)) is None


@pytest.mark.parametrize("kind", ["multipart/mixed", "message/rfc822"])
def test_what_holds_parts_is_not_decoded(kind: str) -> None:
    assert decoder(part(type=kind, encoding="base64")) is None


def test_what_is_encoded_is_decoded() -> None:
    undo = decoder(part(encoding="base64"))

    assert undo is not None
    assert undo(b"SGk=\r\n") == b"Hi"


def test_an_unknown_encoding_says_so() -> None:
    with pytest.raises(UnknownEncoding):
        decoder(part(encoding="x-squeezed"))
