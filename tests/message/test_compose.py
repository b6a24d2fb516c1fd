"""A well-formed message out of its fields: what goes in is what is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_octets import TEXTS

from mailtrap.message.captured import Message
from mailtrap.message.compose import compose
from mailtrap.message.facts import facts
from mailtrap.message.summary import Summary


def read(octets: bytes) -> Message:
    summary = Summary(1, "id", 1, "deliver", datetime(2026, 11, 23, tzinfo=UTC), 1, None, facts(octets))
    return Message(summary, lambda: octets)


@pytest.mark.parametrize("value", ["a\r\nBcc: eve@x.test", "a\nb", "a\rb", "a\0b", "a\x1bb", "a\x7fb"])
def test_a_value_that_would_begin_another_field_is_refused(value: str) -> None:
    for wrong in (
        {"subject": value},
        {"from_": value},
        {"to": [value]},
        {"headers": {"X-A": value}},
        {"attachments": [(value, b"")]},
        {"attachments": [("a", b"", value)]},
    ):
        with pytest.raises(ValueError, match="may not have"):
            compose(**wrong)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "größe"])
def test_a_name_that_is_no_field_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no name for a field"):
        compose(headers={name: "x"})


@pytest.mark.parametrize("name", ["Content-Type", "MIME-Version", "content-transfer-encoding"])
def test_what_the_message_is_made_of_cannot_be_given(name: str) -> None:
    with pytest.raises(ValueError, match="goes by what the message is made of"):
        compose(headers={name: "x"})


@pytest.mark.parametrize("name", ["From", "to", "CC", "Bcc", "subject"])
def test_a_field_cannot_be_given_twice(name: str) -> None:
    with pytest.raises(ValueError, match="is given twice"):
        compose(from_="a@x", to="a@x", cc="a@x", bcc="a@x", subject="a", headers={name: "x"})


@pytest.mark.parametrize("kind", ["pdf", "a/b/c", "a/", "multipart/mixed", "text/plain; charset=x"])
def test_an_attachment_has_a_content_type_without_parts(kind: str) -> None:
    with pytest.raises(ValueError, match="is no content type for an attachment"):
        compose(attachments=[("a", b"", kind)])


def test_nothing_is_a_message_with_date_and_id() -> None:
    mail = read(compose())

    assert [name for name, _ in mail.headers][:3] == ["Subject", "Date", "Message-ID"]
    assert mail.date is not None
    assert abs(mail.date - datetime.now(UTC)) < timedelta(minutes=10)
    assert mail.message_id.endswith("@mailtrap.test>")
    assert (mail.subject, mail.text, mail.html, mail.attachments) == ("", "\n", "", [])
    assert mail.defects == []


def test_no_two_have_the_same_id() -> None:
    assert read(compose()).message_id != read(compose()).message_id


def test_headers_replace_those_that_are_made() -> None:
    mail = read(compose(headers={"Date": "Mon, 23 Nov 2026 09:15:00 +0100", "message-id": "<1@x>", "X-Job": "ä" * 200}))

    assert mail.date == datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
    assert mail.headers.all("message-id") == ["<1@x>"]
    assert mail.headers["x-job"] == "ä" * 200


def test_all_of_it() -> None:
    octets = compose(
        from_="Jürgen <app@shop.test>",
        to=["Ann <ann@x.test>", "bob@x.test"],
        cc="c@x.test, d@x.test",
        bcc=["e@x.test"],
        subject="Größe ☃ " + "x" * 100,
        text="Hi Jürgen\n.\nFrom here\n" + "x" * 2000,
        html="<p>Hi</p>\n",
        attachments=[
            ("größe ☃.bin", bytes(range(256))),
            ("a.txt", "ä\r\nb\n"),
            ("b.csv", b"\xff\n", "text/csv"),
            ("fwd.eml", b"Subject: inner\r\n\r\ncaf\xc3\xa9\r\n", "message/rfc822"),
        ],
    )
    mail = read(octets)

    assert mail.from_ == "app@shop.test"
    assert mail.from_.name == "Jürgen"
    assert [(each, each.name) for each in mail.to] == [("ann@x.test", "Ann"), ("bob@x.test", "")]
    assert (mail.cc, mail.bcc) == (["c@x.test", "d@x.test"], ["e@x.test"])
    assert mail.subject == "Größe ☃ " + "x" * 100
    assert mail.text == "Hi Jürgen\n.\nFrom here\n" + "x" * 2000 + "\n"
    assert mail.html == "<p>Hi</p>\n"
    assert [(each.filename, each.type, each.content) for each in mail.attachments] == [
        ("größe ☃.bin", "application/octet-stream", bytes(range(256))),
        ("a.txt", "text/plain", "ä\r\nb\r\n".encode()),
        ("b.csv", "text/csv", b"\xff\n"),
        ("fwd.eml", "message/rfc822", b"Subject: inner\r\n\r\ncaf\xc3\xa9\r\n"),
    ]
    assert [each.code for each in mail.defects] == ["eight-bit-body"]  # of the attached message, which is as it was
    assert max(map(len, octets.split(b"\r\n"))) <= 998


def test_an_address_that_is_not_ascii_is_written_as_it_is() -> None:
    # RFC 6532; everything else is ASCII
    octets = compose(from_="jörg@bücher.example", subject="Größe")

    assert read(octets).from_ == "jörg@bücher.example"
    assert compose(from_="Jörg <j@x.test>", subject="Größe", text="ä").isascii()


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "S", "P", "Zs"]), max_size=60)
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)
LOCALS = st.from_regex(r"[a-z0-9]+([.+_-][a-z0-9]+)?", fullmatch=True)


@given(subject=PLAIN, text=st.lists(PLAIN, min_size=1).map("\n".join), html=PLAIN)
def test_text_is_read_as_it_was_written(subject: str, text: str, html: str) -> None:
    mail = read(compose(subject=subject, text=text, html=html))

    assert mail.subject.split() == subject.split()
    assert mail.html.rstrip("\n") == html.rstrip("\n")
    if text:
        assert mail.text.rstrip("\n") == text.rstrip("\n")


@given(st.lists(st.tuples(NAMES, LOCALS), min_size=1, max_size=4))
def test_addresses_are_read_as_they_were_written(people: list[tuple[str, str]]) -> None:
    quoted = [(name, name.replace("\\", r"\\").replace('"', r"\""), f"{local}@x.test") for name, local in people]
    mail = read(compose(to=[f'"{name}" <{address}>' if name else address for _, name, address in quoted]))

    assert mail.to == [address for _, _, address in quoted]
    assert [each.name.split() for each in mail.to] == [name.split() for name, _, _ in quoted]


@given(st.lists(st.tuples(NAMES, st.binary(max_size=200)), max_size=3))
def test_attachments_are_read_as_they_were_written(files: list[tuple[str, bytes]]) -> None:
    mail = read(compose(attachments=[(f"a{name}.bin", content) for name, content in files]))

    assert [each.content for each in mail.attachments] == [content for _, content in files]
    assert [each.filename.split() for each in mail.attachments] == [f"a{name}.bin".split() for name, _ in files]


@given(TEXTS, TEXTS, TEXTS)
def test_any_values_are_written_or_refused(one: str, two: str, three: str) -> None:
    try:
        octets = compose(from_=one, to=[two], subject=three, text=two, attachments=[(one, two)], headers={"X-A": three})
    except ValueError:
        return
    facts(octets)
