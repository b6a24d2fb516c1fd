"""The document of a message: what a search can find in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import Facts, facts
from mailtrap.message.summary import Summary
from mailtrap.search.document import BODY, HEADER, Document, document
from mailtrap.search.fold import fold, storable


def made(octets: bytes) -> Document:
    """The document of a message that came from nobody to Bob."""
    envelope = Envelope(Address(""), (Address("Bob@xn--bcher-kva.example"),))
    return document(octets, summary(facts(octets), envelope))


def summary(facts: Facts, envelope: Envelope | None) -> Summary:
    return Summary(1, "id", 1, "smtp", datetime(2026, 11, 23, tzinfo=UTC), 1, envelope, facts)


def test_nothing_is_found_in_nothing() -> None:
    found = document(b"", summary(Facts(size=0), None))

    assert (found.subject, found.addresses, found.names, found.body, found.keys) == ("", "", "", "", "\n")
    assert found.headers == "\n"


def test_a_header_is_decoded_and_unfolded() -> None:
    found = made(b"X-Job: =?utf-8?q?gr=C3=B6=C3=9Fer?=\r\n =?utf-8?q?_als?=\r\nX-Job:  Two\r\n\tLines\r\n\r\n")

    assert found.headers == "\nx-job: grosser als\nx-job: two lines\n"


def test_addresses_are_those_of_header_and_envelope() -> None:
    found = made(
        b"From: =?utf-8?q?J=C3=BCrgen?= <J@a.test>\r\nTo: t@b.test\r\nCc: c@b.test\r\nBcc: b@b.test\r\n"
        b"Reply-To: Help <h@c.test>\r\nSender: s@d.test\r\n\r\n"
    )

    assert "" not in found.addresses.split("\n")
    for address in ("jurgen <j@a.test>", "t@b.test", "c@b.test", "b@b.test", "help <h@c.test>", "s@d.test"):
        assert address in found.addresses
    assert "bob@xn--bcher-kva.example" in found.addresses
    assert "bob@bucher.example" in found.addresses


def test_of_html_what_is_seen_is_found() -> None:
    found = made(
        b"Content-Type: text/html\r\n\r\n<style>p{color:red}</style><script>alert(1)</script>"
        b"<!-- secret --><p title=hint>Pay <b>n</b>ow,&nbsp;J&uuml;rgen</p>"
    )

    assert "pay now, jurgen" in found.body
    assert not any(hidden in found.body for hidden in ("color", "alert", "secret", "<"))


def test_attached_texts_and_attached_messages_are_found_but_not_other_parts() -> None:
    found = made(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nplain\r\n"
        b"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=List.csv\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nYTsxMjM=\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nnested\r\n"
        b"--b\r\nContent-Type: application/octet-stream\r\n\r\nbinary\r\n--b--\r\n"
    )

    assert found.body.split("\n") == ["plain", "a;123", "nested"]
    assert found.names == "list.csv"


def test_html_that_repeats_the_text_is_kept_once() -> None:
    found = made(
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nHello you,\r\nwelcome.\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>Hello <i>you</i>,<br>welcome.\r\n--b--\r\n"
    )

    assert found.body == "hello you, welcome."


def test_text_is_searched_up_to_a_limit() -> None:
    found = made(b"X: " + b"h" * 2 * HEADER + b"\r\nY: kept\r\n\r\n" + b"word " * BODY)

    assert len(found.headers.strip()) <= HEADER
    assert BODY - 10 < len(found.body) <= BODY


def test_keys_and_codes_are_written_so_that_each_is_found_whole() -> None:
    found = made(b"From: Ann@x.test\r\nSubject: Hi\r\n\r\n")

    for key in ("from ann@x.test", "from @x.test", "rcpt bob@bücher.example", "to @bücher.example", "mailfrom "):
        assert f"\n{key}\n" in found.keys
    assert not set(found.codes) & set(found.keys)


@given(
    st.binary() | st.text().map(lambda text: f"Subject: {text}\nTo: {text}\n\n{text}".encode(errors="surrogatepass"))
)
def test_any_octets_have_a_document_that_is_folded_and_can_be_stored(octets: bytes) -> None:
    found = made(octets)

    for text in (found.subject, found.addresses, found.names, found.headers, found.body):
        assert storable(text) == text
        assert all(fold(line) == line.strip() for line in text.split("\n"))


def test_every_message_of_the_corpus_has_a_document(corpus: Path) -> None:
    octets = corpus.read_bytes()

    found = made(octets)
    assert fold(facts(octets).subject) == found.subject
